import { describe, expect, it } from 'vitest';
import { expiredWarnings } from '../../infra/guard-settings.ts';
import { AutomaticIrreversible, refuseAutomaticIrreversible } from '../../infra/irreversible.ts';
import { InvalidSettings, readSettings } from '../../infra/settings.ts';
import { response } from '../../playbooks/response.ts';

const read = (context: Record<string, unknown>) => readSettings((key) => context[key]).guard;
const suppression = {
  detection: 'root-usage',
  match: { kind: 'is', path: 'sourceIPAddress', value: '192.0.2.7' },
  owner: 'secops@example.com',
  reason: 'the break-glass drill',
  expires: '2026-12-31',
};

describe('modes', () => {
  it.each<[string, unknown]>([
    ['pairs on the command line', 'root-usage=monitor, s3-public-exposure=approve'],
    ['JSON on the command line', '{"root-usage":"monitor","s3-public-exposure":"approve"}'],
    ['an object in cdk.json', { 'root-usage': 'monitor', 's3-public-exposure': 'approve' }],
  ])('are taken as %s', (_, modes) => {
    expect(read({ mode: 'approve', modes })).toMatchObject({
      mode: 'approve',
      detectionModes: { 'root-usage': 'monitor', 's3-public-exposure': 'approve' },
    });
  });

  it.each([
    ['a detection that is not there', 'root-use=monitor', /there is no detection "root-use"; known: .*root-usage/],
    ['a mode that is not there', 'root-usage=off', /"monitor"\|"approve"\|"auto"/],
    ['no mode', 'root-usage', /root-usage/],
  ])('of %s are refused', (_, modes, message) => {
    expect(() => read({ modes })).toThrow(InvalidSettings);
    expect(() => read({ modes })).toThrow(message);
  });
});

describe('the cap', () => {
  it('is a whole number', () => {
    expect(read({ cap: '0' }).cap).toBe(0);
    expect(read({ cap: 25 }).cap).toBe(25);
    for (const cap of ['-1', '2.5', 'many']) expect(() => read({ cap })).toThrow(/at cap/);
  });
});

describe('suppressions', () => {
  it.each<[string, unknown]>([
    ['cdk.json', [suppression]],
    ['the command line', JSON.stringify([suppression])],
  ])('are taken from %s', (_, suppressions) => {
    expect(read({ suppressions }).suppressions).toEqual([suppression]);
  });

  it.each<[string, object, RegExp]>([
    ['without an owner', { owner: undefined }, /at suppressions\[0\]\.owner/],
    ['with a blank reason', { reason: ' ' }, /says why these records do no harm/],
    ['without a last day', { expires: undefined }, /at suppressions\[0\]\.expires/],
    ['with another day', { expires: '31.12.2026' }, /YYYY-MM-DD/],
    ['of a detection that is not there', { detection: 'root-use' }, /must be one of .*root-usage/],
    ['that match nothing', { match: { kind: 'all', of: [] } }, /at suppressions\[0\]\.match/],
    ['with a path that cannot be read', { match: { kind: 'exists', path: 'a..b' } }, /at suppressions\[0\]\.match/],
    ['with a typing error', { ownr: 'me' }, /ownr/],
  ])('row: guard: suppression %s: refused at synth', (_, wrong, message) => {
    const suppressions = [{ ...suppression, ...wrong }];
    expect(() => read({ suppressions })).toThrow(message);
  });

  it('row: guard: expired suppression: warned of at synth', () => {
    const { suppressions } = read({ suppressions: [suppression, { ...suppression, expires: '2026-01-31' }] });

    const warnings = expiredWarnings(suppressions, new Date('2026-05-01T00:00:00Z'));

    expect(warnings).toEqual([
      'A suppression of root-usage has expired and does not apply: suppressed by secops@example.com until 2026-01-31: the break-glass drill.',
    ]);
  });
});

describe('what cannot be undone', () => {
  const declared = (mode: 'auto' | 'approve', restore: string[] = []) => ({
    drastic: response({
      title: 'A drastic response',
      restore: restore.map((action) => ({ action, targets: () => [] })),
      investigate: [],
      contain: [{ action: 'delete-user', who: 'iam-user', mode }],
      byHand: () => [],
      report: () => [],
      subject: () => 'x',
    }),
  });
  const isFinal = (action: string) => action === 'delete-user';

  it('row: guard: irreversible action in mode auto: refused at synth', () => {
    expect(() => refuseAutomaticIrreversible(declared('auto'), isFinal)).toThrow(AutomaticIrreversible);
    expect(() => refuseAutomaticIrreversible(declared('auto'), isFinal)).toThrow(
      /drastic would do delete-user at once/,
    );
    expect(() => refuseAutomaticIrreversible(declared('approve', ['delete-user']), isFinal)).toThrow(/at once/);
    expect(() => refuseAutomaticIrreversible(declared('approve'), isFinal)).not.toThrow();
  });

  it('is done at once by no response of the catalog', () => {
    expect(() => refuseAutomaticIrreversible()).not.toThrow();
  });
});
