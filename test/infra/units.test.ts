import { describe, expect, it } from 'vitest';
import { units } from '../../infra/units.ts';

describe('the functions', () => {
  it.each(units.map((unit) => [unit.id, unit]))('%s has a description that IAM takes', (_, { description }) => {
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    expect(description).toMatch(/^[\t\n\r\x20-\x7e\xa1-\xff]{1,1000}$/);
  });

  it('have names of their own, short enough for a role', () => {
    expect(new Set(units.map(({ id }) => id)).size).toBe(units.length);
    for (const { id } of units) expect(`cordon-${id}`.length, id).toBeLessThanOrEqual(64);
  });
});
