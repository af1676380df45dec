import { describe, expect, it } from 'vitest';
import { nextCommands } from '../../cli/incidents/views.ts';
import { changesOf, incidentView, isOver, listView } from '../../cli/incidents/watch.ts';
import type { Head } from '../../handlers/incidents/items.ts';
import type { StoredQuestion } from '../../handlers/incidents/questions.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { did, event, incident } from '../playbooks/incidents.ts';
import { fakeOut } from './out.ts';

const now = new Date('2026-05-01T03:05:12Z');
const stop = call('cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
  requestParameters: { name: 'cordon' },
});
const headed = (one: Incident): Incident & Head => ({ ...one, execution: 'arn:aws:states:x' }) as Incident & Head;
const question = (key: string, rest: Partial<StoredQuestion> = {}): StoredQuestion => ({
  ...{ incidentId: 'trail-tampering-20260501-030112-4f1a', key, kind: 'approval', number: 1, status: 'open' },
  ...{ what: 'disable the IAM user, IAM user mallory', why: [], commands: [], onTimeout: 'nothing', twoPersons: false },
  ...{ stage: 'asked', askedAt: '2026-05-01T03:01:30.000Z', timesOutAt: '2026-05-02T03:01:30.000Z', answers: [] },
  ...rest,
});

const open = headed(
  incident('trail-tampering', {
    events: [event('03:00:05', stop, 'offence')],
    actions: [
      did('start-logging', { trail: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon' }, 'verified'),
      did('disable-iam-user', { user: 'mallory' }, 'proposed'),
    ],
    questions: [question('disable-iam-user-3f9a1c'), question('task-8bd61c', { kind: 'task', status: 'done' })],
    failures: [{ step: 'activity-in-gap', error: 'ThrottlingException', at: '2026-05-01T03:01:40.000Z' }],
  }),
);

describe('the view of one incident', () => {
  it('shows actions, questions, failures and what can be done, within the terminal', () => {
    const { out } = fakeOut({ columns: 120, rows: 40 });

    const lines = incidentView(open, now, out);

    const text = lines.join('\n');
    expect(text).toContain('CRITICAL  open  in progress  trail-tampering-20260501-030112-4f1a');
    expect(text).toContain('4 min ago; 1 record');
    expect(text).toMatch(/start-logging-\w+ +verified +03:01:22Z +start logging again/);
    expect(text).toMatch(/disable-iam-user-3f9a1c +approval +open +24 h left/);
    expect(text).toContain('step activity-in-gap FAILED: ThrottlingException');
    expect(text).toContain('npx cordon approvals approve trail-tampering-20260501-030112-4f1a disable-iam-user-3f9a1c');
  });
});

describe('the view of all incidents', () => {
  it('counts what is open and waits, and takes no more rows than there are', () => {
    const heads = Array.from({ length: 60 }, (_, index): Head => ({ ...open, id: `trail-tampering-${index}` }));
    const { out } = fakeOut({ columns: 120, rows: 24 });

    const lines = listView(heads, [question('a')], now, out);

    expect(lines[0]).toMatch(/03:05:12Z {3}60 open, 0 handed over, 1 waiting for an answer/);
    expect(lines.length).toBeLessThanOrEqual(24);
  });

  it('says so where there are none', () => {
    expect(listView([], [], now, fakeOut({ columns: 80, rows: 24 }).out).at(-1)).toBe('No incidents.');
  });
});

describe('changes', () => {
  it('are told of the incident, its actions, questions and failures, each with its time', () => {
    expect(changesOf(open).map(({ at, what, status }) => [at, what.replace(/-\w{6}$/, ''), status])).toEqual([
      ['2026-05-01T03:01:13.020Z', 'incident', 'open'],
      ['2026-05-01T03:01:22.707Z', 'start-logging', 'verified'],
      ['2026-05-01T03:01:22.707Z', 'disable-iam-user', 'proposed'],
      ['2026-05-01T03:01:30.000Z', 'disable-iam-user', 'open, asked, 1'],
      ['2026-05-01T03:01:30.000Z', 'task', 'done, asked, 1'],
      ['2026-05-01T03:01:40.000Z', 'failure', 'activity-in-gap 2026-05-01T03:01:40.000Z'],
    ]);
  });
});

describe('an incident', () => {
  it('is over only when it is closed and nothing of it waits', () => {
    expect(isOver({ ...open, status: 'closed', questions: [] })).toBe(true);
    expect(isOver({ ...open, status: 'handed-over', questions: [] })).toBe(false);
    expect(isOver({ ...open, status: 'closed' })).toBe(false);
    expect(isOver({ ...open, status: 'closed', questions: [question('a', { status: 'approved' })] })).toBe(true);
  });

  it('offers to answer, undo and watch, and no undo of what has none', () => {
    const irreversible = did('delete-root-credentials', { account: '111122223333' }, 'verified', {
      irreversible: 'gone',
    });
    const commands = nextCommands({ ...open, actions: [...open.actions, irreversible] });

    expect(commands.some((one) => one.startsWith('npx cordon approvals reject'))).toBe(true);
    expect(commands.filter((one) => one.startsWith('npx cordon undo'))).toHaveLength(1);
    expect(commands.at(-1)).toBe(`npx cordon incidents watch ${open.id}`);
  });
});
