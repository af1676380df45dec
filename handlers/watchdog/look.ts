import type { Difference } from '../../playbooks/difference.ts';
import { blockWords, isFull } from '../buckets/exposure.ts';
import { readAccountBlock } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import type { BlockBaseline } from '../incidents/looks.ts';
import type { ChangedPart, Finding } from '../installation/check.ts';
import { installationOf } from '../installation/declared.ts';
import { alarmCheck, filterCheck } from '../installation/filters-and-alarms.ts';
import type { Installation, InstalledSettings } from '../installation/installation.ts';
import { roleCheck } from '../installation/roles.ts';
import { busCheck, playbookCheck, ruleCheck } from '../installation/rules-and-playbooks.ts';
import { ledgerCheck, mailCheck } from '../installation/upkeep.ts';
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
    ...ownPlaces(context),
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

/** The checks of what was deployed, by which `doctor` goes as well. */
const OWN = { filterCheck, alarmCheck, ruleCheck, playbookCheck, roleCheck, busCheck, ledgerCheck, mailCheck };
/** For so long a deployment may take, in ms: a stack can be kept in progress for as long as one likes. */
const LONGEST_DEPLOYMENT_MS = 60 * 60_000;

/** Cordon itself, against its own templates; while a deployment changes them nothing is held against them. */
function ownPlaces(context: Context): Place[] {
  let read: Promise<Installation> | undefined;
  return Object.values(OWN).map((check) => ({
    what: `cordon’s own ${check.id}`,
    detection: 'soc-tampering',
    look: async () => {
      read ??= installationOf(context);
      const installation = await read;
      const { changing } = installation;
      if (changing && context.now().getTime() - changing.getTime() < LONGEST_DEPLOYMENT_MS) return [];
      return differencesOf(await check.run(installation, context.now()), installation);
    },
  }));
}

const isOfTrail = ({ kind, name }: ChangedPart, { trail }: InstalledSettings): boolean =>
  (kind === 'metric filter' && name.startsWith(`${trail.logGroup} `)) || (kind === 'role' && name === trail.role);

/** What is not as it was deployed, each thing once. What the trail delivers to has a baseline, and is looked at by that. */
function differencesOf(findings: readonly Finding[], { settings }: Installation): Difference[] {
  const byKey = new Map<string, Difference>();
  for (const { part, says, todo = [] } of findings) {
    if (!part || isOfTrail(part, settings)) continue;
    const { kind, name, service, restore } = part;
    const key = `${kind} ${name}`;
    const known = byKey.get(key);
    byKey.set(key, {
      ...{ key, what: key, services: [service] },
      words: known ? `${known.words}; ${says}`.slice(0, 1000) : says.slice(0, 1000),
      ...(restore ? { restore } : { commands: [...(known?.commands ?? []), ...todo] }),
    });
  }
  return [...byKey.values()];
}
