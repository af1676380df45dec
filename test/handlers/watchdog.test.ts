import { beforeEach, describe, expect, it } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import { claim } from '../../handlers/steps/claim.ts';
import { namedCalls } from '../../handlers/watchdog/calls.ts';
import { newsOf } from '../../handlers/watchdog/news.ts';
import { detections } from '../../playbooks/catalog.ts';
import type { Detection } from '../../playbooks/detection.ts';
import { type Difference, differenceReasons, differenceSection } from '../../playbooks/difference.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { ACCOUNT, Desk, TRAIL } from './desk.ts';

const DETECTION = 'trail-tampering';
const difference: Difference = {
  key: 'start-logging',
  what: 'trail cordon',
  words: 'trail cordon: logging off',
  services: ['cloudtrail'],
  restore: { action: 'start-logging', target: { trail: TRAIL } },
};
const HOUR = 3600;

let desk: Desk;
/** What the watchdog knows: its last look saw everything, before anything was different. */
let last: Awaited<ReturnType<Desk['context']['ledger']['looks']['all']>>;
beforeEach(async () => {
  desk = new Desk();
  await desk.context.ledger.looks.keepLast(desk.context.now().toISOString());
  desk.pass(300);
  last = await desk.context.ledger.looks.all();
});

const news = (began = desk.context.now().toISOString()) => newsOf(DETECTION, [difference], began, last, desk.context);

/** Tells of it, as the watchdog does, and opens its incident. Resolves to the incident's id. */
async function told(execution = 'run-1'): Promise<string> {
  const at = desk.context.now().toISOString();
  for (const one of (await news()).seen) await desk.context.ledger.looks.keepSeen(one);
  last = await desk.context.ledger.looks.all();
  return opened(execution, at);
}
/** Its incident. */
async function opened(execution: string, at: string): Promise<string> {
  const { incidentId } = await claim(
    {
      execution,
      startedAt: at,
      event: {
        ...{ lane: 'watchdog', detection: DETECTION, account: ACCOUNT, region: 'us-east-1', at, since: at },
        ...{ identity: execution, differences: [difference] },
      },
    },
    desk.context,
  );
  return incidentId;
}
const end = (id: string, status: 'closed' | 'handed-over') =>
  desk.context.ledger.updateHead(id, { status, closedAt: desk.context.now().toISOString() });
/** Its action is done, or undone, and the incident ends. */
async function restore(id: string, status: 'verified' | 'undone' = 'verified'): Promise<void> {
  const { ledger } = desk.context;
  const { action, target } = difference.restore as { action: string; target: unknown };
  const key = actionKeyOf(action, target);
  const declared = { key, action, title: action, contains: true, target, label: 'trail cordon' };
  const planned = await ledger.plan(id, { ...declared, status: 'planned', because: [] }, key);
  desk.pass(5);
  await ledger.advance(id, planned, status);
  await end(id, 'closed');
}
const keys = async () => (await news()).differences.map(({ key }) => key);

describe('what of a look is news', () => {
  it('is what was well at the last look', async () => {
    expect(await news()).toEqual({
      differences: [difference],
      seen: [{ key: difference.key, told: 1, toldAt: desk.context.now().toISOString() }],
      covered: [],
    });
  });

  it('is not what the playbook of an open incident is at, until that has lost its playbook', async () => {
    await told();
    desk.pass(2 * HOUR);
    expect(await keys()).toEqual([]);
    desk.pass(24 * HOUR);
    expect(await keys()).toEqual([difference.key]);
  });

  it('is not what was handed over, however long that lasts', async () => {
    await end(await told(), 'handed-over');
    desk.pass(30 * 24 * HOUR);
    expect(await keys()).toEqual([]);
  });

  it('is not what an alarm’s incident was handed over with, at any later look, unless it was well in between', async () => {
    const { ledger } = desk.context;
    await end(await opened('run-1', desk.context.now().toISOString()), 'handed-over');
    const look = async () => {
      desk.pass(300);
      const began = desk.context.now().toISOString();
      const { differences, covered } = await news(began);
      for (const one of covered) await ledger.looks.keepSeen(one);
      await ledger.looks.keepLast(began);
      last = await ledger.looks.all();
      return differences.length;
    };
    expect([await look(), await look(), await look()]).toEqual([0, 0, 0]);
    desk.pass(24 * HOUR);
    expect(await look()).toBe(0);

    const [seen] = last.seen.values();
    expect(seen?.told).toBe(0);
    await ledger.looks.keepSeen({ key: '', told: 0, toldAt: '', ...seen, gone: desk.context.now().toISOString() });
    last = await ledger.looks.all();
    expect(await look()).toBe(1);
  });

  it('is, at growing intervals, what is still there though its incident is closed', async () => {
    await end(await told(), 'closed');
    desk.pass(HOUR - 1);
    expect(await keys()).toEqual([]);
    desk.pass(1);
    expect(await keys()).toEqual([difference.key]);
    await end(await told('run-2'), 'closed');
    desk.pass(6 * HOUR - 1);
    expect(await keys()).toEqual([]);
    desk.pass(1);
    expect(await keys()).toEqual([difference.key]);
  });

  it('is what was restored while a second look was still writing, and is different again', async () => {
    const began = desk.context.now().toISOString();
    const second = (await news(began)).seen;
    const id = await told();
    desk.pass(5);
    await restore(id);
    desk.pass(5);
    for (const one of second) await desk.context.ledger.looks.keepSeen(one);
    last = await desk.context.ledger.looks.all();
    expect(last.seen.get(difference.key)?.toldAt).toBe(began);
    desk.pass(60);
    expect(await keys()).toEqual([difference.key]);
  });

  it('is what was put back, though an analyst has the rest of its incident, and is different again', async () => {
    const id = await told();
    await restore(id);
    await end(id, 'handed-over');
    const reading = new Date(desk.context.now().getTime() - 10_000).toISOString();

    expect((await news(reading)).differences).toEqual([]);
    desk.pass(60);
    expect(await keys()).toEqual([difference.key]);
  });

  it('is what was handed over, was well, and is different again', async () => {
    await end(await told(), 'handed-over');
    desk.pass(HOUR);
    const [seen] = last.seen.values();
    await desk.context.ledger.looks.keepSeen({
      ...{ key: difference.key, told: 1, toldAt: '', ...seen },
      gone: desk.context.now().toISOString(),
    });
    desk.pass(300);
    last = await desk.context.ledger.looks.all();
    expect(await keys()).toEqual([difference.key]);
  });

  it.each([
    ['was read back as it should be after it was told of', 'verified', ['start-logging']],
    ['an analyst has undone', 'undone', []],
  ] as const)('where its action %s: %s', async (_, status, expected) => {
    await restore(await told(), status);
    desk.pass(60);

    expect(await keys()).toEqual(expected);
  });
});

describe('an incident of the watchdog', () => {
  const incident = { differences: [difference], events: [], alarmAt: '2026-05-01T03:00:00Z' } as unknown as Incident;

  it('without a call says so and needs a person, and one that is explained does not', () => {
    expect(differenceReasons(incident)).toEqual(['no call was found that did it: whoever it was is not contained']);
    expect(differenceSection(incident).lines[1]).toContain('NO CALL WAS FOUND THAT DID IT');
    const explained = { ...incident, explained: 'a deployment did it' };
    expect(differenceReasons(explained)).toEqual([]);
    expect(differenceSection(explained).lines[1]).toBe('nothing is put back: a deployment did it');
  });

  it('names what no action can put back', () => {
    const { restore: _, ...bare } = difference;
    expect(differenceReasons({ ...incident, differences: [bare] })[0]).toBe(
      'trail cordon: logging off: cannot be put back by itself',
    );
  });
});

describe('the calls that are looked for in event history', () => {
  it('are those that the detection names, each with its service', () => {
    const calls = namedCalls((detections['trail-pipeline-tampering'] as Detection).when).map(
      ({ service, name }) => `${service}:${name}`,
    );
    expect(calls).toEqual(expect.arrayContaining(['logs:DeleteLogGroup', 'kms:DisableKey', 'iam:DeleteRole']));
    expect(calls).not.toContain('logs:DisableKey');
    expect(namedCalls((detections[DETECTION] as Detection).when)).toContainEqual({
      service: 'cloudtrail',
      name: 'StopLogging',
    });
  });
});
