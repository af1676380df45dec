import { setTimeout as delay } from 'node:timers/promises';
import type { Head } from '../../handlers/incidents/items.ts';
import type { Ledger } from '../../handlers/incidents/ledger.ts';
import type { StoredQuestion } from '../../handlers/incidents/questions.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { isWaiting } from '../../playbooks/question.ts';
import { clock, plain, plural, span } from '../../playbooks/report/words.ts';
import type { ExitKind } from '../failure.ts';
import type { Out } from '../output/out.ts';
import { Screen } from '../output/screen.ts';
import { actionTable, headline, incidentTable, nextCommands, questionTable } from './views.ts';

/** What a watch works with. */
export interface Watching {
  ledger: Ledger;
  out: Out;
  signal: AbortSignal;
  /** ms between two looks. */
  every: number;
  now: () => Date;
}

/** One change, as programs get it. */
export interface Change {
  at: string;
  incident: string;
  /** What changed: `incident`, an action's or question's key, `failure`. */
  what: string;
  status: string;
  text: string;
}

/** Watches one incident until its playbook is done. @returns how it stands then @throws {NotInLedger} */
export async function watchOne(id: string, watching: Watching): Promise<ExitKind | undefined> {
  const { ledger } = watching;
  let last: (Incident & Head) | undefined;
  const ended = await watch(watching, async (teller) => {
    last = await ledger.incident(id);
    teller.tell(changesOf(last));
    teller.show((out, now) => incidentView(last as Incident & Head, now, out));
    return last.status === 'open';
  });
  if (!last || ended) return ended;
  if (!watching.out.json) watching.out.say(headline(last, watching.out));
  return isOver(last) ? undefined : 'needs-person';
}

/** Watches all incidents until it is ended. */
export function watchAll(watching: Watching): Promise<ExitKind | undefined> {
  const { ledger } = watching;
  return watch(watching, async (teller) => {
    const heads = await ledger.recent(50);
    const waiting = await ledger.questions.waiting(1000);
    const live = await Promise.all(
      heads.filter(({ status }) => status === 'open').map(({ id }) => ledger.incident(id)),
    );
    teller.tell([...heads.flatMap(headChange), ...live.flatMap(changesOf), ...waiting.map(questionChange)]);
    teller.show((out, now) => listView(heads, waiting, now, out));
    return true;
  });
}

/** Nothing of it is left to a person. */
export const isOver = ({ status, questions }: Incident): boolean => status === 'closed' && !questions.some(isWaiting);

interface Teller {
  /** Tells what was not told before; at the first look, only what is under way. */
  tell: (changes: Change[]) => void;
  show: (view: (out: Out, now: Date) => string[]) => void;
}

/**
 * Looks again and again: redrawn in place in a terminal, told line by line elsewhere. Once it has begun, a look that fails
 * does not end it: it is left open for a night.
 * @returns how it was ended, where somebody ended it
 */
async function watch(
  watching: Watching,
  look: (teller: Teller) => Promise<boolean>,
): Promise<'ok' | 'interrupted' | undefined> {
  const { out, signal, every, now } = watching;
  const live = out.size !== undefined && !out.json;
  const screen = new Screen(out);
  const ended = new AbortController();
  const over = AbortSignal.any([signal, ended.signal]);
  const keys = live ? readKeys((by) => ended.abort(by)) : undefined;
  const told = new Set<string>();
  let redraw: (() => void) | undefined;
  let trouble = '';
  const onResize = (): void => redraw?.();
  if (live) process.stdout.on('resize', onResize);
  try {
    for (let looks = 0; !over.aborted; looks++) {
      try {
        const goOn = await look({
          tell: (changes) => {
            if (!live) for (const change of fresh(changes, told)) say(change, out);
          },
          show: (view) => {
            redraw = () => screen.draw(view(out, now()));
            if (live) redraw();
          },
        });
        trouble = '';
        if (!goOn) return undefined;
      } catch (error) {
        if (looks === 0) throw error;
        const said = `${clock(now().toISOString())} could not look: ${error instanceof Error ? error.message : String(error)}`;
        if (live) screen.draw([out.paint('bad', plain(said)), 'It is tried again.']);
        else if (trouble === '') out.note(plain(`${said} It is tried again.`));
        trouble = said;
      }
      await delay(every, undefined, { signal: over }).catch(() => {});
    }
    return ended.signal.reason === 'q' ? 'ok' : 'interrupted';
  } finally {
    process.stdout.off('resize', onResize);
    keys?.stop();
    screen.close();
  }
}

const CTRL_C = String.fromCharCode(3);

/** Reads single keys while a view is open: q ends it, and so does Ctrl-C, which is a key now. */
function readKeys(end: (by: string) => void): { stop: () => void } | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  const onKey = (key: Buffer): void => {
    const typed = key.toString();
    if (typed.includes('q')) end('q');
    else if (typed.includes(CTRL_C)) end('Ctrl-C');
  };
  stdin.setRawMode(true);
  stdin.on('data', onKey).resume();
  return {
    stop: () => {
      stdin.setRawMode(false);
      stdin.off('data', onKey).pause();
    },
  };
}

function fresh(changes: Change[], told: Set<string>): Change[] {
  return changes
    .filter(({ incident, what, status }) => {
      const key = `${incident} ${what} ${status}`;
      if (told.has(key)) return false;
      told.add(key);
      return true;
    })
    .sort((a, b) => a.at.localeCompare(b.at));
}

function say(change: Change, out: Out): void {
  if (out.json) out.value(change, true);
  else out.say(`${clock(change.at)} ${plain(change.incident)} ${plain(change.text)}`);
}

const headChange = ({ id, status, outcome, severity, openedAt, closedAt }: Head): Change[] => [
  {
    at: status === 'open' ? openedAt : (closedAt ?? openedAt),
    incident: id,
    what: 'incident',
    status: outcome ? `${status}, ${outcome}` : status,
    text: `${severity} ${status}${outcome ? `, ${outcome}` : ''}`,
  },
];

const questionChange = ({ askedAt, incidentId, key, kind, status, stage, what, number }: StoredQuestion): Change => ({
  at: askedAt,
  incident: incidentId,
  what: key,
  status: `${status}, ${stage}, ${number}`,
  text: `${kind} ${key} is ${status}, ${stage}: ${what}`,
});

/** Everything that can be told of an incident as it stands. */
export function changesOf(incident: Incident & Head): Change[] {
  const { id, actions, failures, questions } = incident;
  return [
    ...headChange(incident),
    ...actions.map(({ key, status, at, title, label }) => ({
      ...{ at: at[status] ?? incident.openedAt, incident: id, what: key, status },
      text: `${key} is ${status}: ${title}, ${label}`,
    })),
    ...questions.map((question) => questionChange({ ...question, incidentId: id })),
    ...failures.map(({ step, error, at }) => ({
      ...{ at, incident: id, what: 'failure', status: `${step} ${at}` },
      text: `step ${step} FAILED: ${error}`,
    })),
  ];
}

/** The view of all incidents, a terminal's rows in height at most. */
export function listView(heads: readonly Head[], waiting: readonly StoredQuestion[], now: Date, out: Out): string[] {
  const { paint, size } = out;
  const asks = (id: string) => waiting.filter(({ incidentId }) => incidentId === id).length;
  const open = heads.filter(({ status }) => status === 'open').length;
  const handed = heads.filter(({ status }) => status === 'handed-over').length;
  const room = Math.max(1, (size?.rows ?? 24) - 5);
  return [
    `${paint('strong', 'cordon')}  ${clock(now.toISOString())}   ${open} open, ${handed} handed over, ${waiting.length} waiting for an answer   ${paint('quiet', 'q ends')}`,
    '',
    ...(heads.length === 0 ? ['No incidents.'] : incidentTable(heads.slice(0, room), asks, out).split('\n')),
  ];
}

/** The view of one incident. */
export function incidentView(incident: Incident & Head, now: Date, out: Out): string[] {
  const { paint } = out;
  const { actions, failures, events, alarmAt } = incident;
  const waiting = incident.questions.filter(isWaiting);
  const next = nextCommands(incident).filter((one) => !one.includes('incidents watch'));
  return [
    `${headline(incident, out)}   ${paint('quiet', 'q ends')}`,
    `alarm at ${clock(alarmAt)}, ${span(now.getTime() - Date.parse(alarmAt))} ago; ${plural(events.length, 'record')}`,
    ...failures.map(({ step, error }) => paint('bad', plain(`step ${step} FAILED: ${error}`))),
    ...(actions.length > 0 ? ['', ...actionTable(actions, out).split('\n')] : []),
    ...(waiting.length > 0 ? ['', ...questionTable(waiting, now, out).split('\n')] : []),
    ...(next.length > 0 ? ['', ...next.map((one) => paint('info', one))] : []),
  ];
}
