import {
  type Grant as AclGrant,
  DeleteBucketPolicyCommand,
  PutBucketAclCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type Grants, grantsSchema, type Owner, ownerSchema, plainAcl, sameGrants } from '../buckets/acl.ts';
import { type Grant, isPublicGrant } from '../buckets/exposure.ts';
import { publicStatements, samePolicy, withoutPublicStatements, withStatementsAdded } from '../buckets/policy.ts';
import { type BucketFound, readBucket, readBucketPermissions } from '../buckets/read.ts';
import type { Context } from '../context.ts';
import { TargetUnfit, UndoRefused } from '../errors.ts';
import { allow, buckets } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  bucket: string;
  /** The ACL as it was before a block hid its public grants. */
  seen: { owner?: Owner | undefined; grants: Grants };
}

interface State {
  policy?: string | undefined;
  grants: Grant[];
}

const write = allow(['s3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutBucketAcl'], buckets);

/**
 * Takes what opens a bucket to strangers out of its policy and its ACL; everything else of both stays. A block already
 * keeps strangers out, but whoever takes that away opens the bucket again, unless this was done.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
 */
const action = defineAction({
  title: 'take the public statements and grants out of the bucket’s policy and ACL',
  contains: true,
  target: z.object({
    bucket: z.string().min(1),
    seen: z.object({ owner: ownerSchema.optional(), grants: grantsSchema }),
  }),
  before: z.object({
    policy: z.string().optional(),
    owner: ownerSchema.optional(),
    grants: grantsSchema,
    ownership: z.string().optional(),
  }),
  label: ({ bucket }: Target) => `bucket ${bucket}`,
  words: (state: State) => openings(state).join(', ') || 'no public statements or grants',
  blastRadius:
    'strangers stay out even where the block is taken away again; whom else policy and ACL name keeps access',
  permissions: {
    contain: [...readBucketPermissions, write],
    undo: [...readBucketPermissions, write],
  },
  assess: async (target, context) =>
    openings(await stateOf(target, context)).length > 0
      ? { needed: true }
      : { needed: false, reason: 'neither its policy nor its ACL lets strangers in', benign: false },
  capture: (target, context) => stateOf(target, context),
  contain: async ({ bucket }, before, context) => {
    if (publicStatements(before.policy).length > 0) {
      await putPolicy(bucket, withoutPublicStatements(before.policy), context);
    }
    if (before.grants.some(isPublicGrant)) {
      await putAcl(bucket, { ...before, grants: before.grants.filter((grant) => !isPublicGrant(grant)) }, context);
    }
  },
  verify: async ({ bucket }, context) => {
    const { policy, grants: present } = await readable(bucket, context);
    return {
      verified: openings({ policy, grants: present }).length === 0,
      after: { policy, grants: plainAcl({ grants: present }).grants },
    };
  },
  undo: async ({ bucket }, before, context) => {
    const now = await readable(bucket, context);
    const statements = publicStatements(before.policy).map(({ statement }) => statement);
    const publicGrants = before.grants.filter(isPublicGrant);
    refuseIfBlocked(bucket, now, { statements: statements.length > 0, grants: publicGrants.length > 0 });
    if (statements.length > 0) {
      // Somebody may have changed the rest of it since: that stays, and only what was taken out comes back.
      const untouched = samePolicy(now.policy, withoutPublicStatements(before.policy));
      await putPolicy(bucket, untouched ? before.policy : withStatementsAdded(now.policy, statements), context);
    }
    if (publicGrants.length > 0) {
      const others = plainAcl(now).grants.filter((grant) => !isPublicGrant(grant));
      const captured = before.grants.filter((grant) => !isPublicGrant(grant));
      const untouched = sameGrants(others, captured);
      const restored = untouched ? before.grants : [...others, ...publicGrants];
      await putAcl(bucket, { owner: before.owner, grants: restored }, context);
    }
  },
});

/** What is open by policy and ACL themselves, in words. */
const openings = ({ policy, grants: present }: State): string[] => [
  ...publicStatements(policy).map(({ what }) => `policy ${what}`),
  ...present
    .filter(isPublicGrant)
    .map(({ Grantee, Permission }) => `${Permission} for ${Grantee?.URI?.split('/').at(-1)}`),
];

/** @throws {TargetUnfit} where cordon is refused what it would have to put back */
async function readable(bucket: string, context: Context): Promise<BucketFound> {
  const state = await readBucket(bucket, context);
  const refused = state.unread.filter((part) => part === 'policy' || part === 'ACL' || part === 'ownership');
  if (refused.length === 0) return state;
  throw new TargetUnfit(
    `Cordon is refused the ${refused.join(' and ')} of bucket ${bucket}, and changes nothing that it could not put back.`,
  );
}

/** The state with the ACL that holds without a block. With IgnorePublicAcls on, S3 shows it without its public grants. */
async function stateOf({ bucket, seen }: Target, context: Context) {
  const { policy, ownership, owner: found, grants: shown, block, accountBlock } = await readable(bucket, context);
  const hidden = (block?.IgnorePublicAcls || accountBlock?.IgnorePublicAcls) && ownership !== 'BucketOwnerEnforced';
  const acl = plainAcl({ owner: found ?? seen.owner, grants: shown });
  const isShown = (one: Grant) => shown.some((has) => sameGrants([has], [one]));
  const added = hidden ? seen.grants.filter((grant) => isPublicGrant(grant) && !isShown(grant)) : [];
  return { policy, ownership, ...acl, grants: [...acl.grants, ...added] };
}

/** S3 refuses what is public while a block is on, and says no more than AccessDenied. */
function refuseIfBlocked(
  bucket: string,
  { block, accountBlock }: BucketFound,
  wanted: { statements: boolean; grants: boolean },
): void {
  const on = (setting: 'BlockPublicAcls' | 'BlockPublicPolicy'): string[] => [
    ...(block?.[setting] ? [`${setting} of the bucket`] : []),
    ...(accountBlock?.[setting] ? [`${setting} of the account`] : []),
  ];
  const holding = [
    ...(wanted.statements ? on('BlockPublicPolicy') : []),
    ...(wanted.grants ? on('BlockPublicAcls') : []),
  ];
  if (holding.length === 0) return;
  throw new UndoRefused(
    `${holding.join(' and ')} must be off before bucket ${bucket} can have its public statements and grants again: undo the restoring of the block first.`,
  );
}

async function putPolicy(Bucket: string, Policy: string | undefined, context: Context): Promise<void> {
  const s3 = context.client(S3Client);
  await (Policy === undefined
    ? s3.send(new DeleteBucketPolicyCommand({ Bucket }))
    : s3.send(new PutBucketPolicyCommand({ Bucket, Policy })));
}

async function putAcl(
  Bucket: string,
  { owner: Owner, grants: list }: { owner?: object | undefined; grants: Grant[] },
  context: Context,
): Promise<void> {
  const AccessControlPolicy = { Owner, Grants: list as AclGrant[] };
  await context.client(S3Client).send(new PutBucketAclCommand({ Bucket, AccessControlPolicy }));
}

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
