import * as z from 'zod';
import type { ExposureWay } from '../../playbooks/findings.ts';
import { letsAccessPointsIn, publicStatements } from './policy.ts';

/** The four settings of a public access block. */
export const blockSchema = z.object({
  BlockPublicAcls: z.boolean(),
  IgnorePublicAcls: z.boolean(),
  BlockPublicPolicy: z.boolean(),
  RestrictPublicBuckets: z.boolean(),
});
export type Block = z.infer<typeof blockSchema>;

/** A block in words. */
export function blockWords(block: Block | undefined): string {
  if (!block) return 'no public access block';
  const off = Object.entries(block).filter(([, on]) => !on);
  return off.length === 0 ? 'all four settings on' : `${off.map(([name]) => name).join(', ')} off`;
}

/** All four settings on. */
export const fullBlock: Block = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** True when every setting is on. */
export const isFull = (block: Block | undefined): boolean => block !== undefined && Object.values(block).every(Boolean);

/** A grant of an ACL, as S3 gives it. */
export interface Grant {
  Grantee?: { URI?: string | undefined } | undefined;
  Permission?: string | undefined;
}

/** An access point of a bucket, as far as it decides whether strangers get in. */
export interface AccessPointState {
  name: string;
  /** Its policy's text, if it has one. */
  policy?: string | undefined;
  /** Its own block, which nobody can change after it was made. */
  block?: Block | undefined;
  /** It takes requests from one VPC only, which AWS never calls public. */
  vpcOnly: boolean;
}

/** What decides whether strangers get into a bucket. */
export interface BucketState {
  /** The policy's text, if there is one. */
  policy?: string | undefined;
  grants: Grant[];
  /** `BucketOwnerEnforced` turns ACLs off. */
  ownership?: string | undefined;
  block?: Block | undefined;
  accountBlock?: Block | undefined;
  accessPoints?: AccessPointState[] | undefined;
}

/**
 * Every way in which policy, ACL and access points open a bucket to strangers, those included that a block or the
 * ownership setting neutralizes (`blockedBy`). The effective block is the most restrictive of bucket and account, and for
 * an access point of its own too. BlockPublicAcls and BlockPublicPolicy only refuse new grants: they close nothing that
 * is open.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
 */
export function exposureWays(state: BucketState): ExposureWay[] {
  const on = (setting: keyof Block): string | undefined =>
    state.block?.[setting]
      ? `${setting} of the bucket`
      : state.accountBlock?.[setting]
        ? `${setting} of the account`
        : undefined;
  const aclBlock = state.ownership === 'BucketOwnerEnforced' ? 'BucketOwnerEnforced' : on('IgnorePublicAcls');
  return [
    ...policyWays(state.policy).map((way) => held(way, on('RestrictPublicBuckets'))),
    ...aclWays(state.grants).map((way) => held(way, aclBlock)),
    ...(state.accessPoints ?? []).flatMap((point) => accessPointWays(point, state, on('RestrictPublicBuckets'))),
  ];
}

const held = (way: ExposureWay, blockedBy: string | undefined): ExposureWay =>
  blockedBy ? { ...way, blockedBy } : way;

function policyWays(policy: string | undefined): ExposureWay[] {
  return publicStatements(policy).map(({ what, access }) => ({ via: 'policy', who: 'everyone', access, what }));
}

/**
 * The ways that lead through an access point: both its policy and the bucket's must let a stranger in.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 */
function accessPointWays(
  { name, policy, block, vpcOnly }: AccessPointState,
  bucket: Pick<BucketState, 'policy'>,
  bucketBlock?: string,
): ExposureWay[] {
  if (vpcOnly) return [];
  const blockedBy = block?.RestrictPublicBuckets
    ? 'RestrictPublicBuckets of the access point'
    : (bucketBlock ??
      (letsAccessPointsIn(bucket.policy) ? undefined : 'the policy of the bucket, which lets nobody in'));
  return publicStatements(policy).map(({ what, access }) =>
    held({ via: 'access-point', who: 'everyone', access, what: `${name}, ${what}` }, blockedBy),
  );
}

/** True when a stranger gets in: some way is open. */
export const isPublic = (ways: ExposureWay[]): boolean => ways.some((way) => !way.blockedBy);

const GROUPS: Record<string, ExposureWay['who']> = {
  'http://acs.amazonaws.com/groups/global/AllUsers': 'everyone',
  'http://acs.amazonaws.com/groups/global/AuthenticatedUsers': 'any AWS account',
};
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
const GRANTED: Record<string, ExposureWay['access']> = {
  READ: ['list'],
  WRITE: ['write'],
  READ_ACP: ['permissions'],
  WRITE_ACP: ['permissions'],
  FULL_CONTROL: ['list', 'write', 'permissions'],
};

/** Whether a grant is one to everybody, or to everybody with any AWS account. */
export const isPublicGrant = ({ Grantee }: Grant): boolean => (Grantee?.URI ?? '') in GROUPS;

function aclWays(grants: Grant[]): ExposureWay[] {
  return grants.flatMap(({ Grantee, Permission = '' }) => {
    const who = GROUPS[Grantee?.URI ?? ''];
    return who ? [{ via: 'acl' as const, who, access: GRANTED[Permission] ?? [], what: `grant ${Permission}` }] : [];
  });
}
