import {
  type BucketVersioningStatus,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type LogBucketState, logBucketLosses, logBucketState } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { allow } from '../permissions.ts';
import { readLogBucket, readLogBucketPermissions } from '../trails/read-pipeline.ts';
import { wanted } from '../trails/wanted.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  bucket: string;
}

const reading = z.object({ state: logBucketState, losses: z.array(z.string()) });
type Reading = z.infer<typeof reading>;

const BUCKET = '{trailBucket}';
const write = allow(
  ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutLifecycleConfiguration', 's3:PutBucketVersioning'],
  BUCKET,
);

/**
 * A bucket that was deleted is not made again: anybody in the world may have its name by now, and what its encryption, its
 * block and its ownership were is not in the baseline.
 * @throws {TargetUnfit} where it is gone
 */
async function read({ bucket }: Target, context: Context): Promise<Reading & { wanted: LogBucketState }> {
  const [{ state: as }, state] = await Promise.all([
    wanted({ kind: 'bucket', name: bucket }, 'bucket', context),
    readLogBucket(bucket, context),
  ]);
  if (state) return { state, losses: logBucketLosses(as, state).map(({ words }) => words), wanted: as };
  throw new TargetUnfit(
    `Bucket ${bucket} is deleted, and whoever made it must make it again: the trail delivers nowhere.`,
  );
}

/** Makes the fields of a bucket like `to`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
async function align(Bucket: string, fields: Set<string>, to: LogBucketState, context: Context): Promise<void> {
  const s3 = context.client(S3Client);
  if (fields.has('policy')) {
    await (to.policy === undefined
      ? s3.send(new DeleteBucketPolicyCommand({ Bucket }))
      : s3.send(new PutBucketPolicyCommand({ Bucket, Policy: to.policy })));
  }
  if (fields.has('lifecycle')) {
    await (to.lifecycle.length === 0
      ? s3.send(new DeleteBucketLifecycleCommand({ Bucket }))
      : s3.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket,
            LifecycleConfiguration: { Rules: rulesOf(to.lifecycle) },
          }),
        ));
  }
  // A bucket that was once versioned can be suspended, but never be without again.
  if (fields.has('versioning')) {
    const Status = (to.versioning ?? 'Suspended') as BucketVersioningStatus;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  }
}

/** The ledger has times as texts. */
function rulesOf(lifecycle: LogBucketState['lifecycle']): LifecycleRule[] {
  return JSON.parse(JSON.stringify(lifecycle), (key, value: unknown) =>
    key === 'Date' && typeof value === 'string' ? new Date(value) : value,
  ) as LifecycleRule[];
}

const fieldsOf = (from: LogBucketState, to: LogBucketState): Set<string> =>
  new Set(logBucketLosses(to, from).map(({ field }) => field));

/**
 * Puts the bucket of a trail back as its baseline has it: its policy, without which nothing is delivered, its lifecycle
 * rules, which may delete records, and versioning.
 */
const action = defineAction({
  title: 'put the trail’s bucket back as it was',
  contains: true,
  target: z.object({ bucket: z.string().min(1) }),
  before: reading,
  label: ({ bucket }: Target) => `bucket ${bucket}`,
  words: ({ losses }: Reading) => losses.join('; ') || 'policy, lifecycle rules and versioning as in its baseline',
  blastRadius: 'whom the bucket’s policy let in since its baseline was taken loses access to the trail’s records',
  permissions: {
    contain: [readLogBucketPermissions(BUCKET), write],
    undo: [readLogBucketPermissions(BUCKET), write],
  },
  assess: async (target, context) => {
    const { state, losses } = await read(target, context);
    return losses.length > 0
      ? { needed: true, before: { state, losses } }
      : { needed: false, reason: 'the bucket is as in its baseline', benign: false };
  },
  capture: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { state, losses };
  },
  contain: async (target, _before, context) => {
    const { state, wanted: to } = await read(target, context);
    await align(target.bucket, fieldsOf(state, to), to, context);
  },
  verify: async (target, context) => {
    const { state, losses } = await read(target, context);
    return { verified: losses.length === 0, after: { state, losses } };
  },
  undo: async (target, before, context) => {
    const { state } = await read(target, context);
    const changed = fieldsOf(before.state, state);
    await align(target.bucket, changed, before.state, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
