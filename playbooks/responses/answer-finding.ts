import { actorKinds, actorOf } from '../actor.ts';
import type { CloudTrailRecord } from '../cloudtrail.ts';
import { type Severity, severities } from '../detection.ts';
import { findingCommands, findingSteps, instancesOf, isOfAccount } from '../guardduty/by-hand.ts';
import { bandOf, bucketsOf, findingOf, instanceOf, isSample, isUpdate } from '../guardduty/finding.ts';
import { atMost, modeAgainst, modeOfFindings } from '../guardduty/modes.ts';
import type { Incident, IncidentEvent } from '../incident.ts';
import type { Options } from '../options.ts';
import { notContained, revokeSessions } from '../principals.ts';
import { exposureLines } from '../report/exposure.ts';
import { clock, line, plural } from '../report/words.ts';
import { type Contain, type Mode, type Response, response, type Target } from '../response.ts';

/** A bucket was opened, or the block that keeps it closed taken away; a person with work to do may have done it. */
const OPENED = /^Policy:S3\/Bucket(BlockPublicAccessDisabled|AnonymousAccessGranted|PublicAccessGranted)/;
const ACCOUNT_OPENED = /^Policy:S3\/AccountBlockPublicAccessDisabled/;

/** A setting is not as it should be: whoever changed it is no intruder for that. */
const isPolicy = ({ eventName }: CloudTrailRecord): boolean => /^Policy:/.test(eventName ?? '');

/** The buckets that findings call open: those that were opened, and those that strangers are at and that are public. */
function openBuckets(records: CloudTrailRecord[], account: string): Target[] {
  const found = new Map<string, { openedBy: string[]; region: string | undefined; because: string[] }>();
  for (const record of records.filter((one) => isOfAccount(one, account))) {
    const opened = OPENED.test(record.eventName ?? '');
    for (const bucket of bucketsOf(findingOf(record) ?? {})) {
      if (!opened && !bucket.public) continue;
      const one = found.get(bucket.name) ?? { openedBy: [], region: record.awsRegion, because: [] };
      if (opened) one.openedBy.push(actorOf(record, account).key);
      one.because.push(record.eventID);
      found.set(bucket.name, one);
    }
  }
  // What GuardDuty saw open is an exposure, though it may be closed by now.
  return [...found].map(([bucket, { openedBy, region, because }]) => ({
    target: { bucket, seen: { blockWeakened: true, openedBy, ...(region ? { region } : {}) } },
    because,
  }));
}

function openAccount(records: CloudTrailRecord[], account: string): Target[] {
  const because = records
    .filter((record) => isOfAccount(record, account) && ACCOUNT_OPENED.test(record.eventName ?? ''))
    .map(({ eventID }) => eventID);
  return because.length > 0 ? [{ target: { account }, because }] : [];
}

/** Against a principal, as the worst finding about it says; who only changed a setting is proposed at most. */
const against = (incident: Incident, actorKey: string, options: Options): Mode => {
  const threats = modeAgainst(incident, actorKey, options, (record) => !isPolicy(record));
  const settings = atMost('approve', modeAgainst(incident, actorKey, options, isPolicy));
  return threats === 'monitor' ? settings : threats;
};

const BY_SEVERITY: Pick<Contain, 'decided'> = {
  decided: { words: 'as the severity of the finding says', setting: 'findingModes' },
};

const PROPOSED: Pick<Contain, 'decided'> = {
  decided: {
    words: 'proposed, unless the severity of the finding says that it is only watched',
    setting: 'findingModes',
  },
};

const restore: Response['restore'] = [
  { action: 'block-public-access', targets: openBuckets, mode: modeOfFindings },
  { action: 'block-account-public-access', targets: openAccount, mode: modeOfFindings },
];

const contain: Contain[] = [
  {
    action: 'tag-iam-user',
    who: 'iam-user',
    // A tag holds nobody up: it asks nothing.
    mode: (...about) => (against(...about) === 'monitor' ? 'monitor' : 'auto'),
    ...BY_SEVERITY,
  },
  { action: 'disable-iam-user', who: 'iam-user', mode: against, ...BY_SEVERITY },
  {
    ...revokeSessions,
    mode: (...about) => atMost('approve', against(...about)),
    ...PROPOSED,
  },
  {
    action: 'isolate-instance',
    who: actorKinds,
    // A resolver that passes a question on looks like who asked it, and all that it serves would stop: a person decides.
    mode: (incident, key, options) =>
      instancesOf(incident, { key }).length > 0 ? atMost('approve', against(incident, key, options)) : undefined,
    ...PROPOSED,
    targets: instancesOf,
    question: () => 'its role’s credentials, where it has one, are not taken back by this',
  },
];

const worst = (one: Severity, other: Severity): Severity =>
  severities.indexOf(one) > severities.indexOf(other) ? one : other;

/** What a finding is about, in words. */
function placeOf({ record, actor }: IncidentEvent): string {
  const finding = findingOf(record) ?? {};
  const [bucket] = bucketsOf(finding);
  const instance = instanceOf(finding);
  if (bucket) return `bucket ${bucket.name}`;
  return instance && actor.kind === 'unknown' ? `instance ${instance}` : actor.label;
}

function foundLines(event: IncidentEvent): string[] {
  const { record, actor, verdict, reason } = event;
  const finding = findingOf(record) ?? {};
  const { severity, title, service } = finding;
  const place = placeOf(event);
  const band = bandOf(finding);
  return [
    line(
      `${clock(record.eventTime)} ${verdict === 'related' ? 'AGAIN ' : ''}${finding.type ?? 'a finding without a type'}`,
      severity === undefined ? 'no severity' : `severity ${severity}${band ? ` (${band})` : ''}`,
      place,
      place === actor.label ? undefined : `by ${actor.label}`,
      `from ${record.sourceIPAddress ?? 'unknown address'}`,
      service?.count !== undefined && service.count > 1 ? `seen ${plural(service.count, 'time')}` : undefined,
      isUpdate(record) && verdict === 'offence' ? 'AFTER IT WAS CONTAINED' : undefined,
      reason,
    ),
    ...(title ? [`  ${title}`] : []),
    `  finding ${finding.id ?? record.eventID}, when all is done: ${findingCommands(record).archive}`,
  ];
}

const ofThreats = (incident: Incident): Incident => ({
  ...incident,
  events: incident.events.filter(({ record }) => !isPolicy(record)),
});

export default response({
  title: 'Answer what GuardDuty found, as far as its severity lets it',
  harmless: (record) => (isSample(findingOf(record) ?? {}) ? 'a sample finding that GuardDuty made up' : undefined),
  restore,
  investigate: ['actor', 'role-use', 'bucket-exposure'],
  contain,
  severity: ({ events }, declared) =>
    events
      .filter(({ verdict }) => verdict !== 'related')
      .flatMap(({ record }) => bandOf(findingOf(record) ?? {}) ?? [])
      .reduce<Severity | undefined>((known, band) => (known ? worst(known, band) : band), undefined) ?? declared,
  byHand: findingSteps,
  unresolved: (incident) => [
    ...notContained(ofThreats(incident)),
    ...(incident.findings['bucket-exposure'] ?? [])
      .filter(({ closed, public: open, error }) => !closed && (open || error !== undefined))
      .map(({ bucket, error }) =>
        error ? `whether bucket ${bucket} is open is not known: ${error}` : `bucket ${bucket} is still open`,
      ),
  ],
  report: (incident) => [
    { heading: 'What GuardDuty found', lines: incident.events.flatMap(foundLines) },
    { heading: 'Exposure', lines: (incident.findings['bucket-exposure'] ?? []).flatMap(exposureLines) },
  ],
  subject: ({ events }) => {
    const event = events.find(({ verdict }) => verdict === 'offence') ?? events[0];
    return event ? placeOf(event) : 'a finding of GuardDuty';
  },
});
