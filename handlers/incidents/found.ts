import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Findings } from '../../playbooks/findings.ts';

/** Characters of a finding that one item holds: an item of DynamoDB has 400 KB, a character up to 3 bytes. */
const PART = 120_000;

const item = z.object({
  sk: z.string(),
  /** Of this version of the finding, so that an older and longer one leaves nothing behind. */
  version: z.string(),
  parts: z.number().int().min(1),
  text: z.string(),
});

/** Where the items of a finding stand in the partition of their incident. */
const FOUND = 'FOUND#';

/**
 * What an investigation found, as items: however much it is, nothing of it is cut, since what is decided on it later reads it
 * from here. The first part comes last, as it is the one that makes the others count.
 */
export function foundItems(investigation: string, found: unknown): z.infer<typeof item>[] {
  const text = JSON.stringify(found);
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const parts = Math.max(1, Math.ceil(text.length / PART));
  return Array.from({ length: parts }, (_, part) => ({
    ...{ sk: `${FOUND}${investigation}#${String(part).padStart(4, '0')}`, version, parts },
    text: text.slice(part * PART, (part + 1) * PART),
  })).reverse();
}

/** The findings among the items of an incident. One that was written in part only is absent. */
export function findingsOf(items: Record<string, unknown>[]): Findings {
  const byInvestigation = new Map<string, z.infer<typeof item>[]>();
  for (const one of items) {
    if (!String(one.sk).startsWith(FOUND)) continue;
    const parsed = item.parse(one);
    const [, investigation = ''] = parsed.sk.split('#');
    const known = byInvestigation.get(investigation);
    if (known) known.push(parsed);
    else byInvestigation.set(investigation, [parsed]);
  }
  return Object.fromEntries(
    [...byInvestigation].flatMap(([investigation, all]) => {
      const sorted = all.sort((a, b) => (a.sk < b.sk ? -1 : 1));
      const [first] = sorted;
      const parts = sorted.filter(({ version }) => version === first?.version);
      if (first === undefined || !first.sk.endsWith('#0000') || parts.length !== first.parts) return [];
      return [[investigation, JSON.parse(parts.map(({ text }) => text).join(''))]];
    }),
  ) as Findings;
}
