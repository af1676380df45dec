import { describe, expect, it } from 'vitest';
import { filterPattern } from '../../infra/filter.ts';
import { detections, responseOf } from '../../playbooks/catalog.ts';
import { call } from '../../playbooks/detections/samples.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';

const patterns = Object.entries(detections).map(([id, detection]) => {
  const text = filterPattern(detection, responseOf(detection.response), 'cordon');
  return {
    id,
    detection,
    text,
    matches: (record: object) => matchesPattern(parseFilterPattern(text), JSON.stringify(record)),
  };
});
const by = (role: string) => ({
  type: 'AssumedRole',
  accountId: '111122223333',
  sessionContext: { sessionIssuer: { type: 'Role', userName: role } },
});

describe('the metric filters', () => {
  it.each(patterns)(
    '$id takes its samples, in no more characters than CloudWatch takes',
    ({ detection, text, matches }) => {
      expect(text.length).toBeLessThanOrEqual(1024);
      for (const { name, record } of detection.samples.matching) expect(matches(record), name).toBe(true);
      for (const { name, record } of detection.samples.other) expect(matches(record), name).toBe(false);
    },
  );

  it('leave out what restoring a trail does, by exact role names', () => {
    const trail = patterns.find(({ id }) => id === 'trail-tampering');
    const update = (role: string) => trail?.matches(call('cloudtrail.amazonaws.com', 'UpdateTrail', by(role)));
    expect(update('cordon-contain-restore-trail')).toBe(false);
    expect(update('cordon-undo-start-logging')).toBe(false);
    expect(update('cordon-contain-restore-trail-2')).toBe(true);
    expect(update('deployer')).toBe(true);
  });
});
