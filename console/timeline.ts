import { detectedAt } from '../playbooks/figures.ts';
import type { ActionRecord, Incident } from '../playbooks/incident.ts';
import type { Answer, Question } from '../playbooks/question.ts';
import type { Run, Step } from './library.ts';
import { seconds } from './words.ts';

/** Where a moment belongs, in the order in which an incident goes its way. */
export const lanes = ['attack', 'record', 'alarm', 'playbook', 'containment', 'analyst', 'mail'] as const;
export type Lane = (typeof lanes)[number];

/** Something that happened, or went on for a while. Times are ms since 1970. */
export interface Moment {
  lane: Lane;
  at: number;
  /** When it was over; it is a moment otherwise. */
  until?: number;
  text: string;
  /** How it is drawn: what went as it should, what did not, what only belongs to the picture. */
  tone: 'plain' | 'good' | 'bad' | 'quiet';
}

/** States that only decide or hand on take no time, and would hide the others. */
const SHOWN = ['Task', 'Wait', 'Map'];

/** Everything about an incident whose time is known, in order. */
export function momentsOf(incident: Incident, run: Run | undefined): Moment[] {
  const moments = [
    ...attack(incident),
    detection(incident),
    { lane: 'playbook', at: ms(incident.openedAt), text: 'incident opened', tone: 'plain' } as const,
    ...(run?.steps ?? []).flatMap(stepOf),
    ...(run?.steps ?? []).flatMap(mailOf),
    ...incident.actions.flatMap(actionMoments),
    ...incident.questions.flatMap(questionMoments),
    ...incident.failures.map(
      ({ step, error, at }) =>
        ({ lane: 'playbook', at: ms(at), text: `${step} failed: ${error}`, tone: 'bad' }) as const,
    ),
    ...(incident.closedAt
      ? [{ lane: 'playbook', at: ms(incident.closedAt), text: closing(incident), tone: 'plain' } as const]
      : []),
  ];
  return moments.filter(({ at }) => !Number.isNaN(at)).sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

function detection(incident: Incident): Moment {
  const text = {
    event: 'the event of the call',
    watchdog: 'the watchdog found it by the state',
    finding: 'GuardDuty found it',
    alarm: `${incident.alarmName} in ALARM`,
  }[incident.lane ?? 'alarm'];
  return { lane: 'alarm', at: ms(detectedAt(incident)), text, tone: 'plain' };
}

const ms = (iso: string): number => Date.parse(iso);
const rank = ({ lane }: Moment): number => lanes.indexOf(lane);
const closing = ({ status }: Incident): string =>
  status === 'handed-over' ? 'playbook done, handed over to an analyst' : 'incident closed';

function attack({ events }: Incident): Moment[] {
  return events.flatMap(({ record, actor, verdict, deliveredAt }) => {
    const what = record.eventName ?? 'a call';
    const at = ms(record.eventTime);
    const harmless = verdict === 'benign' || verdict === 'related';
    const call: Moment = {
      lane: 'attack',
      at,
      text: `${what} by ${actor.label}${verdict === 'offence' ? '' : ` (${verdict})`}`,
      tone: harmless ? 'quiet' : verdict === 'offence' ? 'bad' : 'plain',
    };
    if (deliveredAt === undefined) return [call];
    const until = Math.max(at, ms(deliveredAt));
    const text = `record of ${what} in the log group, ${seconds((until - at) / 1000)} after the call`;
    return [call, { lane: 'record', at, until, text, tone: 'plain' }];
  });
}

function stepOf({ state, type, enteredAt, exitedAt }: Step): Moment[] {
  if (!SHOWN.includes(type)) return [];
  const at = ms(enteredAt);
  return [
    {
      lane: 'playbook',
      at,
      ...(exitedAt ? { until: ms(exitedAt) } : {}),
      text: exitedAt ? `${state}, ${seconds((ms(exitedAt) - at) / 1000)}` : `${state}, going on`,
      tone: type === 'Wait' ? 'quiet' : /fail/i.test(state) ? 'bad' : 'plain',
    },
  ];
}

/** A round's summary is mailed in its step, at whose end it is out. */
const mailOf = ({ state, exitedAt }: Step): Moment[] =>
  state === 'Summarize' && exitedAt ? [{ lane: 'mail', at: ms(exitedAt), text: 'summary mailed', tone: 'plain' }] : [];

const DONE: Partial<Record<ActionRecord['status'], string>> = {
  verified: 'done and read back',
  contained: 'changed',
  'not-needed': 'not needed',
  failed: 'failed',
  undone: 'undone',
  rejected: 'rejected',
  withheld: 'withheld',
  monitored: 'held back by the mode',
  proposed: 'proposed',
};

function actionMoments({ title, label, status, at, undoneBy }: ActionRecord): Moment[] {
  const what = `${title}, ${label}`;
  const moments: Moment[] = [];
  const began = at.captured ?? at.contained;
  const read = at.verified;
  if (began && read) {
    moments.push({
      lane: 'containment',
      at: ms(began),
      until: ms(read),
      text: `${what}: done and read back, ${seconds((ms(read) - ms(began)) / 1000)}`,
      tone: 'good',
    });
  }
  const last = at[status];
  if (last && !(status === 'verified' && began)) {
    moments.push({
      lane: status === 'proposed' || status === 'rejected' ? 'analyst' : 'containment',
      at: ms(last),
      text: `${what}: ${DONE[status] ?? status}${undoneBy && status === 'undone' ? ` by ${undoneBy}` : ''}`,
      tone: status === 'failed' ? 'bad' : status === 'verified' ? 'good' : 'plain',
    });
  }
  return moments;
}

const ANSWERED: Record<Answer['answer'], string> = {
  approve: 'approved',
  reject: 'rejected',
  done: 'marked done',
  skip: 'skipped',
};

function questionMoments({ what, kind, askedAt, timesOutAt, status, answers }: Question): Moment[] {
  return [
    { lane: 'analyst', at: ms(askedAt), text: `${kind === 'task' ? 'to do' : 'asked'}: ${what}`, tone: 'quiet' },
    ...answers.map(
      ({ answer, by, at }): Moment => ({
        lane: 'analyst',
        at: ms(at),
        text: `${ANSWERED[answer]} by ${by}: ${what}`,
        tone: answer === 'reject' ? 'plain' : 'good',
      }),
    ),
    ...(status === 'timed-out'
      ? [{ lane: 'analyst', at: ms(timesOutAt), text: `nobody answered: ${what}`, tone: 'bad' } as const]
      : []),
  ];
}

/** Where times stand on the drawing: knots of a piecewise linear scale, in ms and in px. */
export interface Knots {
  times: number[];
  places: number[];
}

/**
 * Lays moments out so that seconds and hours can be told in one drawing: between two neighbours, room grows with the logarithm
 * of the time between them. Distances are therefore not to scale, and the drawing says so.
 */
export function knotsOf(moments: readonly Moment[], width: number): Knots {
  const times = [...new Set(moments.flatMap(({ at, until }) => (until === undefined ? [at] : [at, until])))].sort(
    (a, b) => a - b,
  );
  const gaps = times.slice(1).map((time, index) => Math.log1p((time - (times[index] ?? time)) / 250));
  const all = gaps.reduce((sum, gap) => sum + gap, 0);
  let place = 0;
  const places = [0, ...gaps.map((gap) => (place += all === 0 ? 0 : (gap / all) * width))];
  return { times, places };
}

/** Times worth a label: each at least `apart` px from the one before. */
export function labelled({ times, places }: Knots, apart: number): { time: number; place: number }[] {
  const chosen: { time: number; place: number }[] = [];
  for (const [index, time] of times.entries()) {
    const place = places[index] ?? 0;
    const last = chosen.at(-1);
    if (!last || place - last.place >= apart) chosen.push({ time, place });
  }
  return chosen;
}

/** Row of each span within a lane so that none lies on another; at most `rows`, further ones share the last. */
export function packed<T extends { from: number; to: number }>(
  spans: readonly T[],
  rows: number,
): (T & { row: number })[] {
  const ends: number[] = [];
  return spans.map((span) => {
    const free = ends.findIndex((end) => end <= span.from);
    const row = Math.min(free >= 0 ? free : ends.length, rows - 1);
    ends[row] = Math.max(ends[row] ?? 0, span.to);
    return { ...span, row };
  });
}
