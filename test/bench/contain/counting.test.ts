import { describe, expect, it } from 'vitest';
import {
  actionTime,
  byOperation,
  covered,
  type HistoryEvent,
  isFlat,
  type StepLine,
  stepLines,
  transitions,
} from '../../../bench/contain/counting.ts';

const INCIDENT = 'trail-tampering-20260501-030100-56b1';

/** A line as the functions' logger writes it. */
const logged = (fields: object): string =>
  JSON.stringify({
    level: 'INFO',
    message: 'step done',
    timestamp: '2026-05-01T03:01:02.500Z',
    service: 'cordon',
    incidentId: INCIDENT,
    function: 'cordon-collect',
    ms: 12.5,
    cold: false,
    ...fields,
  });

describe('the steps in a log', () => {
  it('are told by their lines, oldest first', () => {
    const messages = [
      'START RequestId: 1 Version: $LATEST',
      logged({
        timestamp: '2026-05-01T03:01:03.000Z',
        function: 'cordon-contain-start-logging',
        phase: 'contain',
        key: 'k',
      }),
      logged({ cold: true }),
      'END RequestId: 1',
    ];

    expect(stepLines(messages)).toEqual([
      {
        incidentId: INCIDENT,
        function: 'cordon-collect',
        at: Date.parse('2026-05-01T03:01:02.500Z'),
        ms: 12.5,
        cold: true,
      },
      {
        ...{ incidentId: INCIDENT, function: 'cordon-contain-start-logging', phase: 'contain', key: 'k' },
        ...{ at: Date.parse('2026-05-01T03:01:03.000Z'), ms: 12.5, cold: false },
      },
    ]);
  });

  it('are found behind what a runtime puts in front of a line', () => {
    expect(stepLines([`2026-05-01T03:01:02.500Z\tid\tINFO\t${logged({})}`])).toHaveLength(1);
  });

  it.each([
    ['another message', logged({ message: 'collected' })],
    ['no JSON', 'said "step done"'],
    ['a time that is no number', logged({ ms: 'long' })],
    ['no incident', logged({ incidentId: undefined })],
  ])('are not told by %s', (_, message) => {
    expect(stepLines([message])).toEqual([]);
  });
});

describe('the time that intervals cover', () => {
  it.each<[string, [number, number][], number]>([
    ['nothing', [], 0],
    ['one', [[20, 30]], 10],
    [
      'two apart',
      [
        [20, 30],
        [40, 45],
      ],
      15,
    ],
    [
      'two that overlap, once',
      [
        [20, 40],
        [30, 50],
      ],
      30,
    ],
    [
      'one within another',
      [
        [20, 50],
        [30, 40],
      ],
      30,
    ],
    [
      'what begins before and ends after',
      [
        [0, 15],
        [90, 200],
      ],
      15,
    ],
    [
      'what is outside',
      [
        [0, 5],
        [150, 200],
      ],
      0,
    ],
    [
      'all, in any order',
      [
        [50, 200],
        [0, 60],
      ],
      90,
    ],
  ])('is that of %s', (_, intervals, expected) => {
    expect(covered(intervals, 10, 100)).toBe(expected);
  });
});

describe('the time of an action', () => {
  const line = (phase: string, at: number, ms: number, more: Partial<StepLine> = {}): StepLine => ({
    ...{ incidentId: INCIDENT, function: 'cordon-contain-start-logging', key: 'start-logging-1', cold: false },
    ...{ phase, at, ms, ...more },
  });

  it('is from the start of the step that contains until it was read back', () => {
    const lines = [line('contain', 1050, 50), line('verify', 1090, 20), line('contain', 1000, 900, { key: 'other' })];

    expect(actionTime(lines, 'start-logging-1', 1085)).toEqual({ wall: 85, functions: 70, cold: false });
  });

  it('counts every try, and knows a new process', () => {
    const lines = [line('contain', 1050, 50, { cold: true }), line('verify', 1090, 20), line('verify', 2090, 20)];

    expect(actionTime(lines, 'start-logging-1', 2080)).toEqual({ wall: 1080, functions: 90, cold: true });
  });

  it('is none where it was not carried out', () => {
    expect(actionTime([], 'start-logging-1', 1000)).toBeUndefined();
  });
});

describe('state transitions', () => {
  const entered = (type: string): HistoryEvent => ({ type: `${type}StateEntered` });
  const history = [
    { type: 'ExecutionStarted' },
    ...['Task', 'Choice', 'Task', 'Choice', 'Map'].flatMap((type) => [entered(type), { type: `${type}StateExited` }]),
    entered('Wait'),
  ];

  it('are the states entered before the wait, and four for each action that was run', () => {
    expect(transitions(history, [], [])).toBe(5);
    expect(transitions(history, [{ status: 'verified' }, { status: 'not-needed' }], [])).toBe(13);
  });

  it('have one more for an action that was read back in a step of its own, and none for what nobody may carry out', () => {
    const tries = [
      { key: 'a', phase: 'contain' },
      { key: 'a', phase: 'verify' },
      { key: 'a', phase: 'verify' },
    ];

    expect(transitions(history, [{ status: 'verified' }], tries)).toBe(10);
    expect(transitions(history, [{ status: 'proposed' }, { status: 'withheld' }], [])).toBe(5);
  });
});

describe('calls', () => {
  it('are counted by operation, the most frequent first', () => {
    const call = (service: string, operation: string) => ({ service, operation });
    const calls = [
      call('sns', 'Publish'),
      call('dynamodb', 'GetItem'),
      call('iam', 'TagUser'),
      call('dynamodb', 'GetItem'),
    ];

    expect(Object.entries(byOperation(calls))).toEqual([
      ['dynamodb:GetItem', 2],
      ['iam:TagUser', 1],
      ['sns:Publish', 1],
    ]);
  });
});

describe('work', () => {
  it.each<[number, number, boolean]>([
    [60, 60, true],
    [60, 58, true],
    [60, 63, true],
    [60, 63.1, false],
    [60, 120, false],
  ])('of %d alone and %d among many is flat: %s', (alone, many, expected) => {
    expect(isFlat(alone, many)).toBe(expected);
  });
});
