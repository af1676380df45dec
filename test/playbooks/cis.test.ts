import { describe, expect, it } from 'vitest';
import { filterPatterns } from '../../infra/filter.ts';
import { detections, precedence } from '../../playbooks/catalog.ts';
import { ownTrail } from '../../playbooks/detection.ts';
import { matchesPattern, parseFilterPattern } from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { prowlerChecks } from './prowler.ts';
import { securityHub } from './security-hub.ts';

const pack = Object.entries(detections).filter(([, { pack }]) => pack === 'cis');
const deployed = (id: string) => {
  const detection = detections[id];
  if (!detection) throw new TypeError(`There is no detection ${id}.`);
  return filterPatterns(detection, 'cordon', '111122223333', ownTrail('cordon'));
};

describe('the CIS pack', () => {
  it('has the fifteen sections of the benchmark, each once', () => {
    const sections = pack.map(([, { references }]) => /, (4\.\d+):/.exec(references[0]?.name ?? '')?.[1]);

    expect(sections.sort()).toEqual(Array.from({ length: 15 }, (_, index) => `4.${index + 1}`).sort());
  });

  it.each(Object.entries(securityHub))(
    'row: cis: CloudWatch.%s: the deployed filter is the published text, to the letter',
    (control, text) => {
      const [[id] = ['']] = pack.filter(([, { references }]) =>
        references.some(({ name }) => name.startsWith(`Security Hub CloudWatch.${control}:`)),
      );

      expect(deployed(id)).toEqual([text]);
    },
  );

  it.each(Object.entries(prowlerChecks))(
    'row: cis: %s: a deployed filter is what Prowler looks for',
    (id, { wants }) => {
      expect(deployed(id).some((text) => wants.test(text))).toBe(true);
    },
  );

  it('deploys a second filter where Prowler wants more than the benchmark, and that alone satisfies it', () => {
    const [benchmark = '', more = ''] = deployed('cis-organization-changes');
    const wants = prowlerChecks['cis-organization-changes']?.wants;

    expect([wants?.test(benchmark), wants?.test(more)]).toEqual([false, true]);
  });

  it('misses Prowler’s expression as soon as one call is left out: the test can fail', () => {
    const [text = ''] = deployed('cis-vpc-changes');

    expect(prowlerChecks['cis-vpc-changes']?.wants.test(text.replace('($.eventName=ModifyVpcAttribute) || ', ''))).toBe(
      false,
    );
  });

  it.each(pack)('%s has a predicate that takes every sample of the catalog as its text does', (id, { when }) => {
    const patterns = deployed(id).map((text) => parseFilterPattern(text));
    const samples = Object.values(detections).flatMap(({ samples: { matching, other } }) => [...matching, ...other]);
    const matches = predicate(when);

    for (const { record, name } of samples) {
      const taken = patterns.some((pattern) => matchesPattern(pattern, JSON.stringify(record)));
      expect([name, matches(record)]).toEqual([name, taken]);
    }
  });

  it('yields to what stands before it in the catalog, and only to what one record sets off', () => {
    const before = precedence('cis-trail-changes', ['cis']).map(([id]) => id);

    expect(before).toContain('trail-tampering');
    expect(before).not.toContain('failed-console-logins');
    expect(before).not.toContain('cis-unauthorized-calls');
    expect(precedence('cis-unauthorized-calls', ['cis']).map(([id]) => id)).toContain('cis-trail-changes');
    expect(precedence('cis-trail-changes', [])).toEqual([]);
  });
});
