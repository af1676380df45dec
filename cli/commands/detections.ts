import { CloudWatchClient, paginateDescribeAlarms, type StateValue } from '@aws-sdk/client-cloudwatch';
import { installedSettings } from '../../handlers/installation/installation.ts';
import { allDetections, findingKinds, responseOf } from '../../playbooks/catalog.ts';
import { type AnyDetection, amountWords } from '../../playbooks/detection.ts';
import { cloudWatchPattern, PatternTooLong } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { packs } from '../../playbooks/packs.ts';
import { plain, plural } from '../../playbooks/report/words.ts';
import { type Mode, modes } from '../../playbooks/response.ts';
import { type AnyCall, type Command, command } from '../command.ts';
import { explain } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import { severityStyle } from '../output/paint.ts';
import { table, wrap } from '../output/table.ts';

/** How a detection stands in a live installation. */
interface Live {
  /** Its pack is off: it is not deployed. */
  off?: true;
  /** How far any of its actions goes by itself at most. */
  mode: Mode;
  /** State of its alarm, and whether it acts; absent where there is no alarm. */
  alarm?: { state: StateValue | undefined; acts: boolean };
  /** It has none: each finding starts its playbook. */
  withoutAlarm?: true;
}

/** Each detection as the installation has it, or why that cannot be told. */
async function live(desk: AnyCall['desk']): Promise<{ of: (id: string) => Live | undefined; unknown?: string }> {
  let where = { prefix: 'cordon', region: '' };
  try {
    const office = await desk();
    where = office;
    const settings = await installedSettings(office);
    const alarms = new Map<string, Live['alarm']>();
    const client = office.client(CloudWatchClient);
    for await (const page of paginateDescribeAlarms({ client }, { AlarmNamePrefix: `${office.prefix}-` })) {
      for (const { AlarmName = '', StateValue, ActionsEnabled } of page.MetricAlarms ?? []) {
        alarms.set(AlarmName, { state: StateValue, acts: ActionsEnabled === true });
      }
    }
    return {
      of: (id) => {
        const alarm = alarms.get(`${office.prefix}-${id}`);
        const { pack, source } = allDetections[id] ?? {};
        return {
          ...(source ? { withoutAlarm: true as const } : {}),
          ...(pack && !settings.packs.includes(pack) ? { off: true as const } : {}),
          mode: least(settings.mode, settings.modes[id] ?? 'auto'),
          ...(alarm ? { alarm } : {}),
        };
      },
    };
  } catch (error) {
    // The catalog is worth showing without any account.
    const failure = await explain(error, where);
    return { of: () => undefined, unknown: failure.message };
  }
}

const least = (a: Mode, b: Mode): Mode => (modes.indexOf(a) < modes.indexOf(b) ? a : b);

const alarmWords = ({ alarm, off, withoutAlarm }: Live): string =>
  alarm
    ? `${alarm.state}${alarm.acts ? '' : ', ACTIONS OFF'}`
    : off
      ? ''
      : withoutAlarm
        ? 'none: findings'
        : 'NOT THERE';
const modeWords = ({ mode, off }: Live): string => (off ? 'pack off' : mode);

/** `detections list` */
export const detectionsList: Command = command({
  name: 'detections list',
  summary: 'what is detected, and how each detection stands',
  about: [
    'The catalog is that of this copy of cordon. A detection of a pack is deployed only where the setting packs names it. MODE and ALARM are the live installation’s, where it can be reached; MODE is how far any action goes by itself at most.',
  ],
  examples: [{ command: 'npx cordon detections list', about: 'all of them' }],
  run: async ({ desk, out }) => {
    const { of, unknown } = await live(desk);
    const rows = Object.entries(allDetections).map(([id, detection]) => ({ id, ...detection, live: of(id) }));
    if (out.json) {
      out.value(
        rows.map(({ id, pack = null, title, severity, response, attack, live: now }) => ({
          ...{ id, pack, title, severity, response, attack },
          live: now ?? null,
        })),
      );
      return undefined;
    }
    out.say(
      table(
        [
          { heading: 'DETECTION', text: ({ id }) => id },
          { heading: 'PACK', text: ({ pack }) => pack ?? '', spare: true },
          { heading: 'SEVERITY', text: ({ severity }) => severity, style: ({ severity }) => severityStyle[severity] },
          ...(unknown
            ? []
            : [
                { heading: 'MODE', text: (row: (typeof rows)[number]) => (row.live ? modeWords(row.live) : '') },
                {
                  heading: 'ALARM',
                  text: (row: (typeof rows)[number]) => (row.live ? alarmWords(row.live) : ''),
                  style: ({ live: now }: (typeof rows)[number]) =>
                    (now?.alarm?.state === 'OK' && now.alarm.acts) || ((now?.off || now?.withoutAlarm) && !now.alarm)
                      ? ('good' as const)
                      : ('bad' as const),
                },
              ]),
          { heading: 'PLAYBOOK', text: ({ response }) => response, spare: true },
          { heading: 'TITLE', text: ({ title }) => title, wraps: true },
        ],
        rows,
        out,
      ),
    );
    if (unknown) out.note(`\nHow they stand in an installation cannot be told. ${unknown}`);
    return undefined;
  },
});

/** `detections show DETECTION` */
export const detectionsShow: Command = command({
  name: 'detections show',
  summary: 'one detection: why, what sets it off, what follows',
  arguments: [{ name: 'DETECTION', about: 'its id, as detections list has it' }],
  examples: [{ command: 'npx cordon detections show trail-tampering', about: 'what it looks for, and what it does' }],
  run: async ({ args, desk, out }) => {
    const id = args.DETECTION;
    const detection = Object.hasOwn(allDetections, id) ? allDetections[id] : undefined;
    if (!detection) {
      throw new CliFailure(
        'failed',
        `There is no detection "${plain(id)}". There are: ${Object.keys(allDetections).join(', ')}.`,
      );
    }
    const { of, unknown } = await live(desk);
    const now = of(id);
    if (out.json) {
      const { when: _, ...rest } = { when: undefined, ...detection };
      out.value({ id, ...rest, pattern: patternOf(detection), live: now ?? null });
      return undefined;
    }
    for (const [term, ...said] of lines(id, detection, now)) {
      const parts = said.flatMap((one) =>
        term === 'Pattern' ? [one] : wrap(plain(one), (out.size?.columns ?? 110) - 16),
      );
      for (const [index, part] of parts.entries()) {
        out.say(`${out.paint('strong', (index === 0 ? term : '').padEnd(14))}  ${part}`);
      }
    }
    if (unknown) out.note(`\nHow it stands in an installation cannot be told. ${unknown}`);
    return undefined;
  },
});

function lines(id: string, detection: AnyDetection, now: Live | undefined): [term: string, ...said: string[]][] {
  const { title, why, pack, severity, alarm, response, attack, falsePositives, samples } = detection;
  const { title: does, restore, contain } = responseOf(response);
  const found: [string, ...string[]][] = [
    ['Detection', id],
    ['Title', title],
    ['Pack', ...(pack ? [`${pack}: ${packs[pack].title}`] : [])],
    ['Severity', severity],
    ['Why', why],
    [
      'Fires at',
      alarm
        ? `${amountWords(alarm)} within ${plural(alarm.withinMinutes, 'minute')}`
        : 'each finding of GuardDuty, as its event comes',
    ],
    ['Sets it off', ...samples.matching.map(({ name }) => `- ${name}`)],
    ['Does not', ...samples.other.map(({ name }) => `- ${name}`)],
    ['Harmless', ...falsePositives.map((one) => `- ${one}`)],
    ['Playbook', `${response}: ${does}`],
    ['Restores', ...restore.map(({ action }) => `- ${action}`)],
    [
      'Contains',
      ...contain.map(
        ({ action, mode }) => `- ${action} (${typeof mode === 'function' ? 'as the incident decides' : mode})`,
      ),
    ],
    ['ATT&CK', attack.join(', ')],
    ['Pattern', ...patternOf(detection)],
    ['Mode', ...(now ? [modeWords(now)] : [])],
    ['Alarm', ...(now ? [alarmWords(now)] : [])],
  ];
  return found.filter(([, ...said]) => said.length > 0);
}

/** The detection's match as one filter pattern, where it is short enough for one; of findings the types that it takes. */
function patternOf(detection: AnyDetection): string[] {
  if (detection.source === 'guardduty') {
    const { taken, left = [] } = findingKinds(detection);
    return taken ? taken.map((kind) => `*:${kind}/*`) : [`all but ${left.map((kind) => `*:${kind}/*`).join(', ')}`];
  }
  const { when, published } = detection;
  if (published) return [...published];
  try {
    return [cloudWatchPattern(when)];
  } catch (error) {
    if (error instanceof PatternTooLong) return [];
    throw error;
  }
}
