import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../console/aws-library.ts';
import { filterOf, pathOf } from '../../console/filter.ts';
import { graphOf } from '../../console/graph.ts';
import { knotsOf, type Moment, momentsOf, packed } from '../../console/timeline.ts';
import { ago, seconds } from '../../console/words.ts';
import { playbookDefinition } from '../../infra/playbook-definition.ts';
import { responses } from '../../playbooks/catalog.ts';
import { did, trailStopped } from '../playbooks/incidents.ts';

const at = (second: number): Date => new Date(Date.parse('2026-05-01T03:01:13.000Z') + second * 1000);
const entered = (name: string, second: number, type = 'Task') => ({
  ...{ type: `${type}StateEntered` as 'TaskStateEntered', timestamp: at(second) },
  stateEnteredEventDetails: { name },
});
const exited = (name: string, second: number, type = 'Task') => ({
  ...{ type: `${type}StateExited` as 'TaskStateExited', timestamp: at(second) },
  stateExitedEventDetails: { name },
});
const CHANNELS = { topic: 'arn:mails', bus: 'cordon-events', prefix: 'cordon' };
const definition = (id: string) => {
  const response = responses[id];
  if (!response) throw new TypeError(`There is no response ${id}.`);
  return JSON.stringify(playbookDefinition(id, response, (unit) => `arn:${unit}`, CHANNELS));
};

describe('the steps of an execution', () => {
  it('have when each state was entered and left, also where one is entered again', () => {
    const history = [entered('Collect', 0), exited('Collect', 2), entered('Collect', 9), exited('Collect', 10)];

    expect(stepsOf(history)).toEqual([
      { state: 'Collect', type: 'Task', enteredAt: at(0).toISOString(), exitedAt: at(2).toISOString() },
      { state: 'Collect', type: 'Task', enteredAt: at(9).toISOString(), exitedAt: at(10).toISOString() },
    ]);
  });

  it('leave open the state that it is in, and the loop around it', () => {
    const history = [entered('Contain', 0, 'Map'), entered('Contain: disable-iam-user', 1)];

    expect(stepsOf(history).map(({ exitedAt }) => exitedAt)).toEqual([undefined, undefined]);
  });

  it('end a state that failed where the next one begins, or the execution', () => {
    const history = [
      entered('Collect', 0),
      entered('Collect failed', 4),
      exited('Collect failed', 5),
      entered('Summarize', 5),
      { type: 'ExecutionFailed' as const, timestamp: at(7) },
    ];

    expect(stepsOf(history).map(({ exitedAt }) => exitedAt)).toEqual(
      [4, 5, 7].map((second) => at(second).toISOString()),
    );
  });
});

describe.each(Object.keys(responses))('the graph of %s', (id) => {
  it('has every state once, each with room of its own, where all are wanted', () => {
    const graph = graphOf(definition(id), undefined, { all: true });

    const names = graph.nodes.map(({ name }) => name);
    const text = definition(id);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(text).toContain(JSON.stringify(name));
    for (const [index, one] of graph.nodes.entries()) {
      for (const other of graph.nodes.slice(index + 1)) {
        const apart =
          Math.abs(one.x - other.x) * 2 >= one.width + other.width ||
          Math.abs(one.y - other.y) * 2 >= one.height + other.height;
        expect(apart, `${one.name} and ${other.name}`).toBe(true);
      }
    }
    for (const { points } of graph.edges) expect(points.length).toBeGreaterThan(1);
  });

  it('leaves out, in short, what only failures lead to, and shows a loop as one state', () => {
    const names = graphOf(definition(id), undefined).nodes.map(({ name }) => name);

    expect(names).toEqual(expect.arrayContaining(['Claim', 'Collect', 'Restore', 'Contain', 'Summarize', 'Closed']));
    expect(names).not.toContain('Collect failed');
    expect(names.filter((name) => name.includes(': '))).toEqual([]);
  });
});

describe('a graph', () => {
  it('shows the way that was taken, the failure on it too, and where the execution is', () => {
    const steps = stepsOf([
      ...[entered('Claim', 0), exited('Claim', 1), entered('Collect', 1), exited('Collect', 2)],
      ...[entered('Collect', 3), entered('Collect failed', 4)],
    ]);

    const { nodes } = graphOf(definition('restore-trail'), { status: 'RUNNING', steps, cut: false });

    const of = (name: string) => nodes.find((node) => node.name === name);
    expect(of('Collect')).toMatchObject({ visits: 2, current: false });
    expect(of('Collect failed')).toMatchObject({ visits: 1, current: true });
    expect(of('Summarize')).toMatchObject({ visits: 0, current: false });
  });

  it('is refused where there is no state machine', () => {
    expect(() => graphOf('{"States":[]}', undefined)).toThrow();
    expect(() => graphOf('no JSON', undefined)).toThrow();
  });
});

describe('a timeline', () => {
  it('goes from the attack through record, alarm, steps and containment to the mail', () => {
    const incident = trailStopped();
    const [event] = incident.events;
    if (event) event.deliveredAt = '2026-05-01T03:01:02.000Z';
    const times = { captured: at(5).toISOString(), contained: at(6).toISOString(), verified: at(7).toISOString() };
    incident.actions = [did('start-logging', { trail: 'arn:t' }, 'verified', { at: times })];
    const steps = stepsOf([entered('Summarize', 8), exited('Summarize', 9)]);

    const moments = momentsOf(incident, { status: 'RUNNING', steps, cut: false });

    expect(moments.map(({ lane, text }) => `${lane}: ${text}`)).toEqual([
      'attack: StopLogging by IAM user mallory',
      'record: record of StopLogging in the log group, 57 s after the call',
      'alarm: cordon-trail-tampering in ALARM',
      'playbook: incident opened',
      expect.stringMatching(/^containment: start logging again, .*: done and read back, 2 s$/),
      'playbook: Summarize, 1 s',
      'mail: summary mailed',
    ]);
  });

  const instants = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 40 });
  const moment = (time: number): Moment => ({ lane: 'attack', at: time, text: '', tone: 'plain' });

  it('keeps the order of moments, and stays within its width', () => {
    fc.assert(
      fc.property(instants, (times) => {
        const { times: known, places } = knotsOf(times.map(moment), 800);
        expect(known).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(800.001);
        }
      }),
    );
  });

  it('lays no bar on another while there are rows', () => {
    const spans = [
      { from: 0, to: 10 },
      { from: 5, to: 20 },
      { from: 10, to: 12 },
      { from: 11, to: 30 },
    ];

    expect(packed(spans, 4).map(({ row }) => row)).toEqual([0, 1, 0, 2]);
    expect(packed(spans, 2).map(({ row }) => row)).toEqual([0, 1, 0, 1]);
  });
});

describe('words and addresses', () => {
  it.each([
    [0, '0 s'],
    [0.44, '0.4 s'],
    [59.6, '1 min'],
    [67, '1 min 7 s'],
    [3600, '1 h'],
    [86_400 * 3 + 4 * 3600, '3 d 4 h'],
  ])('%s seconds are %s', (value, words) => {
    expect(seconds(value)).toBe(words);
  });

  it('say how long ago something was in one unit', () => {
    expect(ago(at(-130).toISOString(), at(0))).toBe('2 min ago');
    expect(ago(at(5).toISOString(), at(0))).toBe('0 s ago');
  });

  it('read a filter back from the address that it was written to', () => {
    const filter = filterOf({
      ...{ status: 'open', severity: 'HIGH', detection: 'root-usage' },
      after: '2026-05-01T03:01:13.020Z~root-usage-20260501-030112-4f1a',
    });

    expect(filterOf(Object.fromEntries(new URLSearchParams(pathOf(filter).slice(2))))).toEqual(filter);
    expect(filter.after).toEqual({ openedAt: '2026-05-01T03:01:13.020Z', id: 'root-usage-20260501-030112-4f1a' });
  });

  it('take what makes no sense for nothing', () => {
    expect(filterOf({ status: 'x', severity: '', detection: '<script>', after: '~' })).toEqual({});
  });
});
