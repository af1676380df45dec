import {
  DeleteAccessPointPolicyCommand,
  PutAccessPointPolicyCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control';
import * as z from 'zod';
import { approvalWords } from '../../playbooks/report/exposure.ts';
import {
  accessPoints,
  readAccessPoint,
  readAccessPointPermissions,
  readAccessPointPolicy,
} from '../buckets/access-points.ts';
import { approvalOf, approvalPermissions } from '../buckets/approval.ts';
import { exposureWays, isPublic } from '../buckets/exposure.ts';
import { publicStatements, samePolicy, withoutPublicStatements, withStatementsAdded } from '../buckets/policy.ts';
import { readBucket, readBucketPermissions } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { allow } from '../permissions.ts';
import { type Assessment, containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  accessPoint: string;
  region: string;
  seen: { openedBy: string[] };
}

interface State {
  bucket?: string | undefined;
  policy?: string | undefined;
}

const write = allow(['s3:PutAccessPointPolicy', 's3:DeleteAccessPointPolicy'], accessPoints);

/**
 * Takes the public statements out of an access point's policy. Its own block would close it too, but nobody can change
 * that after the access point was made.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
 */
const action = defineAction({
  title: 'take the public statements out of the access point’s policy',
  contains: true,
  target: z.object({
    accessPoint: z.string().min(1),
    region: z.string().min(1),
    seen: z.object({ openedBy: z.array(z.string()) }),
  }),
  before: z.object({ bucket: z.string(), policy: z.string().optional() }),
  label: ({ accessPoint }: Target) => `access point ${accessPoint}`,
  words: ({ policy }: State) => policyWords(policy),
  blastRadius: 'strangers lose access by this access point; whom else its policy names keeps it',
  permissions: {
    contain: [...readBucketPermissions, ...approvalPermissions, write],
    undo: [...readAccessPointPermissions, write],
  },
  assess: async ({ accessPoint, region, seen }, context): Promise<Assessment> => {
    const point = await readAccessPoint(accessPoint, context, region);
    if (point.vpcOnly) return { needed: false, reason: 'it takes requests from one VPC only', benign: true };
    if (publicStatements(point.policy).length === 0) {
      return { needed: false, reason: 'not public: its policy lets no strangers in', benign: true };
    }
    const approval = await approvalOf(point.bucket, seen.openedBy, context);
    if (approval && !approval.void) return { needed: false, reason: approvalWords(approval), benign: true };
    const bucket = await readBucket(point.bucket, context, region);
    if (bucket.unread.length > 0) return { needed: true };
    const ways = exposureWays({ ...bucket, accessPoints: [point] }).filter(({ via }) => via === 'access-point');
    if (isPublic(ways)) return { needed: true };
    const [way] = ways;
    return { needed: false, reason: `not public: ${way?.what} is held back by ${way?.blockedBy}`, benign: true };
  },
  capture: async ({ accessPoint, region }, context) => {
    const { bucket, policy } = await readAccessPoint(accessPoint, context, region);
    return { bucket, policy };
  },
  contain: (target, { policy }, context) => put(target, withoutPublicStatements(policy), context),
  verify: async ({ accessPoint, region }, context) => {
    const policy = await readAccessPointPolicy(accessPoint, context, region);
    return { verified: publicStatements(policy).length === 0, after: { policy } };
  },
  undo: async (target, { policy }, context) => {
    const present = await readAccessPointPolicy(target.accessPoint, context, target.region);
    // Somebody may have changed the rest of it since: that stays, and only what was taken out comes back.
    const untouched = samePolicy(present, withoutPublicStatements(policy));
    const statements = publicStatements(policy).map(({ statement }) => statement);
    await put(target, untouched ? policy : withStatementsAdded(present, statements), context);
  },
});

async function put({ accessPoint, region }: Target, Policy: string | undefined, context: Context): Promise<void> {
  const which = { AccountId: context.environment.account, Name: accessPoint };
  const control = context.client(S3ControlClient, region);
  await (Policy === undefined
    ? control.send(new DeleteAccessPointPolicyCommand(which))
    : control.send(new PutAccessPointPolicyCommand({ ...which, Policy })));
}

function policyWords(policy: string | undefined): string {
  const statements = publicStatements(policy);
  if (statements.length > 0) return `open to everyone by ${statements.map(({ what }) => what).join(', ')}`;
  return policy === undefined ? 'no policy' : 'a policy that lets no strangers in';
}

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
