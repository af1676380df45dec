import { describe, expect, it } from 'vitest';
import type { StepLine } from '../../../bench/contain/counting.ts';
import { type Seen, sampleOf } from '../../../bench/contain/sample.ts';
import type { ActionRecord } from '../../../playbooks/incident.ts';

const INCIDENT = 'trail-tampering-20260501-030100-56b1';
const DELIVERED = Date.parse('2026-05-01T03:01:00.000Z');
const time = (ms: number): string => new Date(DELIVERED + ms).toISOString();

const action = (id: string, verified: number | undefined, contains = true): ActionRecord => ({
  ...{ key: `${id}-1`, action: id, title: id, contains, target: {}, label: id, because: [] },
  status: verified === undefined ? 'planned' : 'verified',
  at: { planned: time(210), ...(verified === undefined ? {} : { verified: time(verified) }) },
});

const line = (name: string, end: number, ms: number, more: Partial<StepLine> = {}): StepLine => ({
  ...{ incidentId: INCIDENT, function: `cordon-${name}`, cold: false },
  ...{ at: DELIVERED + end, ms, ...more },
});

const seen: Seen = {
  incidentId: INCIDENT,
  deliveredAt: DELIVERED,
  mailedAt: DELIVERED + 900,
  history: [
    { timestamp: new Date(DELIVERED + 100), type: 'ExecutionStarted', id: 1 },
    { timestamp: new Date(DELIVERED + 110), type: 'TaskStateEntered', id: 2 },
    { timestamp: new Date(DELIVERED + 890), type: 'WaitStateEntered', id: 3 },
  ],
  actions: [action('start-logging', 400), action('disable-iam-user', 700), action('tag-iam-user', 790, false)],
  lines: [
    line('claim', 200, 50),
    line('contain-start-logging', 350, 50, { key: 'start-logging-1', phase: 'contain' }),
    line('contain-start-logging', 405, 15, { key: 'start-logging-1', phase: 'verify' }),
    line('contain-disable-iam-user', 720, 100, { key: 'disable-iam-user-1', phase: 'contain' }),
    line('summarize', 890, 60, { cold: true }),
  ],
};

describe('what an incident took', () => {
  it('is counted from the delivery of its record to the last containment read back', () => {
    expect(sampleOf(seen, 'start-logging')).toMatchObject({
      ...{ incidentId: INCIDENT, started: 100, contained: 700, reported: 900 },
      action: { wall: 100, functions: 65 },
      // 50 + 50 + 15, and of the last one what was over when all was contained.
      inFunctions: 195,
      transitions: 14,
    });
  });

  it('is cold only by what ran before it was contained', () => {
    expect(sampleOf(seen).cold).toBe(false);
    expect(sampleOf({ ...seen, lines: [line('claim', 200, 50, { cold: true })] }).cold).toBe(true);
  });

  it('names each step with its phase', () => {
    expect(sampleOf(seen).steps.map(({ step }) => step)).toEqual([
      'claim',
      'contain-start-logging: contain',
      'contain-start-logging: verify',
      'contain-disable-iam-user: contain',
      'summarize',
    ]);
  });

  it('has no time to contained where nothing was, and counts in functions up to the report', () => {
    const sample = sampleOf({ ...seen, actions: [action('start-logging', undefined)] }, 'start-logging');

    expect(sample).not.toHaveProperty('contained');
    expect(sample).not.toHaveProperty('action');
    expect(sample.inFunctions).toBe(275);
  });
});
