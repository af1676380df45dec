import type { Difference } from '../../playbooks/difference.ts';
import { SIMULATION_PREFIX } from '../../playbooks/simulation.ts';
import {
  deliveryRoleLosses,
  type Difference as Loss,
  logBucketLosses,
  logGroupLosses,
  type TrailBaseline,
  trailLosses,
} from '../../playbooks/trail-baseline.ts';
import { logGroupOf } from '../../playbooks/trail-pipeline.ts';
import { trailName } from '../../playbooks/trails.ts';
import type { Context } from '../context.ts';
import { readKey, readLogBucket, readLogGroup, readRole } from '../trails/read-pipeline.ts';
import { readTrail } from '../trails/read-trail.ts';

/** One that its simulation takes away again is nobody's to put back. */
export const isWatched = ({ trail }: TrailBaseline): boolean => !trailName(trail).startsWith(SIMULATION_PREFIX);

const regionOf = ({ trail }: TrailBaseline): string | undefined => trail.split(':')[3];

/** In what a trail itself is less than its baseline. */
export async function trailDifferences(baseline: TrailBaseline, context: Context): Promise<Difference[]> {
  const { trail, state } = baseline;
  const reading = await readTrail(trail, context);
  // Tags say nothing of what is recorded.
  const lost = reading ? trailLosses(state, reading.state).filter(({ part }) => part !== 'tags') : [];
  const found = [
    ...(reading ? [] : ['deleted']),
    ...(reading && !reading.logging ? ['logging off'] : []),
    ...lost.map(({ words }) => words),
  ];
  if (found.length === 0) return [];
  const action = reading && lost.length === 0 ? 'start-logging' : 'restore-trail';
  return [
    difference(`trail ${trailName(trail)}`, found, 'cloudtrail', { action, target: { trail } }, regionOf(baseline)),
  ];
}

/**
 * In what the parts that a trail delivers through are less than in its baseline. A part that may not be read is no
 * difference: the refusal is thrown.
 */
export async function pipelineDifferences(baseline: TrailBaseline, context: Context): Promise<Difference[]> {
  const { settings } = baseline.state;
  const { logGroup, bucket, role, keyState } = baseline.pipeline;
  const found: Difference[] = [];
  const add = (what: string, lost: Loss[], service: string, action: string, target: object, region?: string) => {
    const words = lost.map((one) => one.words);
    if (words.length > 0) found.push(difference(what, words, service, { action, target }, region));
  };
  const group = logGroupOf(settings.logGroup);
  if (logGroup && group) {
    const { name, region } = group;
    const lost = logGroupLosses(logGroup, await readLogGroup(group, context));
    add(`log group ${name}`, lost, 'logs', 'restore-log-group', { logGroup: name, region }, region);
  }
  if (bucket) {
    const lost = logBucketLosses(bucket, await readLogBucket(settings.bucket, context));
    add(`bucket ${settings.bucket}`, lost, 's3', 'restore-log-bucket', { bucket: settings.bucket });
  }
  if (role && settings.role) {
    const name = settings.role.split('/').at(-1) ?? settings.role;
    const lost = deliveryRoleLosses(role, await readRole(settings.role, context));
    add(`role ${name}`, lost, 'iam', 'restore-delivery-role', { deliveryRole: name });
  }
  if (keyState === 'Enabled' && settings.key) {
    const state = (await readKey(settings.key, context))?.state ?? 'gone';
    const lost: Loss[] = state === 'Enabled' ? [] : [{ part: 'key', field: 'keyState', words: `key: ${state}` }];
    add(`key ${settings.key}`, lost, 'kms', 'enable-key', { key: settings.key }, settings.key.split(':')[3]);
  }
  return found;
}

function difference(
  what: string,
  found: string[],
  service: string,
  restore: { action: string; target: object },
  region?: string,
): Difference {
  return {
    key: `${restore.action} ${JSON.stringify(restore.target)}`,
    what,
    words: `${what}: ${found.join('; ')}`.slice(0, 1000),
    services: [service],
    restore,
    ...(region ? { region } : {}),
  };
}
