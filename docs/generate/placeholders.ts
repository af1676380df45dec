import type { Sample } from '../../playbooks/detection.ts';
import { SAMPLE_IDS } from '../../playbooks/guardduty/samples.ts';
import { listOf, objectOf } from '../../playbooks/parameters.ts';

/** The account, the region and the time of the samples' records. */
export const SAMPLE = {
  account: '111122223333',
  otherAccount: '999988887777',
  region: 'us-east-1',
  time: '2026-05-01T03:00:00Z',
} as const;

/** What stands in commands for what only an incident knows. */
const FIXED: [string, string][] = [
  [SAMPLE.account, 'ACCOUNT'],
  [SAMPLE.otherAccount, 'OTHER_ACCOUNT'],
  [SAMPLE.region, 'REGION'],
  [SAMPLE.time, 'TIME'],
  [SAMPLE_IDS.detector, 'DETECTOR_ID'],
  [SAMPLE_IDS.finding, 'FINDING_ID'],
  [SAMPLE_IDS.instance, 'INSTANCE'],
  [SAMPLE_IDS.vpc, 'VPC_ID'],
  [SAMPLE_IDS.bucket, 'BUCKET'],
  [SAMPLE_IDS.role, 'ROLE'],
  [SAMPLE_IDS.intruder, 'USER'],
  [SAMPLE_IDS.colleague, 'USER'],
];

/** `BUCKET` for the values of `bucketName`. What is only called `name` is called after the call. */
function placeholderOf(key: string, eventName: string): string | undefined {
  if (key === 'name')
    return /AccessPoint/.test(eventName) ? 'ACCESS_POINT' : /Trail|Logging/.test(eventName) ? 'TRAIL' : 'NAME';
  const [, what] = /^([a-z]\w*)Name$/.exec(key) ?? [];
  return what?.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The names in samples' parameters, with what stands for each; longer ones first, since they may hold shorter ones. */
function namesIn(samples: readonly Sample[]): [string, string][] {
  const found = samples.flatMap(({ record }) =>
    Object.entries(objectOf(record.requestParameters)).flatMap(([key, value]) => {
      const placeholder = placeholderOf(key, String(record.eventName));
      return listOf(value).flatMap((one): [string, string][] => {
        const name = typeof one === 'string' ? (one.split('/').at(-1) ?? '') : '';
        return placeholder && name ? [[name, placeholder]] : [];
      });
    }),
  );
  return found.sort(([one], [other]) => other.length - one.length);
}

/** Samples whose names are placeholders: a bucket is called `BUCKET`. */
export function withPlaceholders(samples: readonly Sample[]): Sample[] {
  const names = namesIn(samples);
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') return names.reduce((text, [name, what]) => replaceWord(text, name, what), value);
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner)]));
  };
  return samples.map(({ name, record }) => {
    const { eventSource, eventName, userIdentity, ...rest } = record;
    return { name, record: { ...(replaced(rest) as object), eventSource, eventName, userIdentity } };
  });
}

const replaceWord = (text: string, word: string, by: string): string =>
  text.replace(new RegExp(`(?<![\\w-])${word.replace(/[^\w]/g, '\\$&')}(?![\\w-])`, 'g'), by);

/** A text of an incident of samples, with placeholders for its account, region and times. */
export const filled = (text: string): string =>
  FIXED.reduce((result, [value, placeholder]) => result.replaceAll(value, placeholder), text);
