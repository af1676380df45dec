import type { Difference } from '../../playbooks/difference.ts';
import { blockWords, isFull } from '../buckets/exposure.ts';
import { readAccountBlock } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import type { BlockBaseline } from '../incidents/looks.ts';
import { isWatched, pipelineDifferences, trailDifferences } from './trails.ts';

/** What a look came to. */
export interface Look {
  /** By detection, each difference once. */
  differences: Map<string, Difference[]>;
  /** What could not be looked at, and why. */
  unlooked: { what: string; error: string }[];
}

/** One thing that is looked at, and the detection whose playbook treats what is found. */
interface Place {
  what: string;
  detection: string;
  look: () => Promise<Difference[]>;
}

/** Looks at everything. What cannot be looked at is said, and holds up nothing else. */
export async function lookAtAll(block: BlockBaseline | undefined, context: Context): Promise<Look> {
  const differences = new Map<string, Difference[]>();
  const unlooked: Look['unlooked'] = [];
  const failed = (what: string, error: unknown) => {
    context.log.error('the watchdog could not look', { what, error: errorText(error) });
    unlooked.push({ what, error: errorText(error) });
  };
  const places = [
    ...(await trailPlaces(context).catch((error: unknown) => {
      failed('the baselines of the trails', error);
      return [];
    })),
    accountBlock(block, context),
  ];
  // One after the other: most of what is read has narrow limits, and nobody waits.
  for (const { what, detection, look } of places) {
    try {
      const known = differences.get(detection) ?? [];
      const keys = new Set(known.map(({ key }) => key));
      const found = (await look()).filter(({ key }) => !keys.has(key));
      if (known.length + found.length > 0) differences.set(detection, [...known, ...found]);
    } catch (error) {
      failed(what, error);
    }
  }
  return { differences, unlooked };
}

async function trailPlaces(context: Context): Promise<Place[]> {
  const baselines = (await context.ledger.baselines.all()).filter(isWatched);
  return baselines.flatMap((baseline) => [
    {
      what: `trail ${baseline.trail}`,
      detection: 'trail-tampering',
      look: () => trailDifferences(baseline, context),
    },
    {
      what: `what trail ${baseline.trail} delivers through`,
      detection: 'trail-pipeline-tampering',
      look: () => pipelineDifferences(baseline, context),
    },
  ]);
}

/** The account's public access block, where it was seen with all of its settings on. */
const accountBlock = (baseline: BlockBaseline | undefined, context: Context): Place => ({
  what: 'the account’s public access block',
  detection: 's3-public-exposure',
  look: async () => {
    if (!baseline?.full) return [];
    const block = await readAccountBlock(context);
    if (isFull(block)) return [];
    const { account } = context.environment;
    return [
      {
        key: 'block-account-public-access',
        what: `account ${account}`,
        words: `account ${account}: ${blockWords(block)}, and all four were on at ${baseline.takenAt}`,
        services: ['s3'],
        restore: { action: 'block-account-public-access', target: { account } },
      },
    ];
  },
});
