import { z } from 'zod';
import type { ExposureWay } from '../../playbooks/findings.ts';
import { listOf, objectOf } from '../../playbooks/parameters.ts';

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

/** What decides whether strangers get into a bucket. */
export interface BucketState {
  /** The policy's text, if there is one. */
  policy?: string | undefined;
  grants: Grant[];
  /** `BucketOwnerEnforced` turns ACLs off. */
  ownership?: string | undefined;
  block?: Block | undefined;
  accountBlock?: Block | undefined;
}

/**
 * Every way in which policy and ACL open a bucket to strangers, those included that a block or the ownership setting
 * neutralizes (`blockedBy`). The effective block is the most restrictive of bucket and account. BlockPublicAcls and
 * BlockPublicPolicy only refuse new grants: they close nothing that is open.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function exposureWays(state: BucketState): ExposureWay[] {
  const on = (setting: keyof Block): string | undefined =>
    state.block?.[setting]
      ? `${setting} of the bucket`
      : state.accountBlock?.[setting]
        ? `${setting} of the account`
        : undefined;
  const policyBlock = on('RestrictPublicBuckets');
  const aclBlock = state.ownership === 'BucketOwnerEnforced' ? 'BucketOwnerEnforced' : on('IgnorePublicAcls');
  return [
    ...policyWays(state.policy).map((way) => ({ ...way, ...(policyBlock ? { blockedBy: policyBlock } : {}) })),
    ...aclWays(state.grants).map((way) => ({ ...way, ...(aclBlock ? { blockedBy: aclBlock } : {}) })),
  ];
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

function aclWays(grants: Grant[]): ExposureWay[] {
  return grants.flatMap(({ Grantee, Permission = '' }) => {
    const who = GROUPS[Grantee?.URI ?? ''];
    return who ? [{ via: 'acl' as const, who, access: GRANTED[Permission] ?? [], what: `grant ${Permission}` }] : [];
  });
}

function policyWays(text: string | undefined): ExposureWay[] {
  if (text === undefined) return [];
  const statements = listOf(objectOf(JSON.parse(text)).Statement).map(objectOf);
  return statements.flatMap((statement, index) => {
    if (statement.Effect !== 'Allow' || !isForAnybody(statement) || isNarrowed(statement)) return [];
    return [
      {
        via: 'policy' as const,
        who: 'everyone' as const,
        access: policyAccess(statement),
        what: `statement ${typeof statement.Sid === 'string' ? statement.Sid : index + 1}`,
      },
    ];
  });
}

function isForAnybody(statement: Record<string, unknown>): boolean {
  // Everybody but some: as public as everybody.
  if (statement.NotPrincipal !== undefined) return true;
  const { Principal } = statement;
  const named = [...listOf(Principal), ...Object.values(objectOf(Principal)).flatMap(listOf)];
  return named.some((one) => typeof one === 'string' && one.includes('*'));
}

/** Calls that stand for each kind of access: a statement that allows one of them gives it. */
const CALLS: Record<ExposureWay['access'][number], string[]> = {
  read: ['s3:GetObject', 's3:GetObjectVersion'],
  list: ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
  write: ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion', 's3:RestoreObject', 's3:DeleteBucket'],
  permissions: [
    ...['s3:GetBucketAcl', 's3:PutBucketAcl', 's3:GetObjectAcl', 's3:PutObjectAcl'],
    ...['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
    ...['s3:PutBucketPublicAccessBlock', 's3:PutBucketOwnershipControls'],
  ],
};

function policyAccess(statement: Record<string, unknown>): ExposureWay['access'] {
  // NotAction allows everything but what it names.
  const [elements, wanted] =
    statement.NotAction === undefined ? [statement.Action, true] : [statement.NotAction, false];
  const patterns = listOf(elements).map((action) => String(action).toLowerCase());
  const kinds = Object.keys(CALLS) as ExposureWay['access'];
  return kinds.filter((kind) =>
    CALLS[kind].some((call) => patterns.some((pattern) => isLike(call.toLowerCase(), pattern)) === wanted),
  );
}

/**
 * True when `pattern` takes `text`: `*` stands for any characters and `?` for one. Goes back to the last `*` only, so that
 * no pattern, which an offender may have written, takes long.
 */
function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let place = 0;
  while (at < text.length) {
    if (pattern[place] === '*') {
      star = place++;
      resume = at;
    } else if (pattern[place] === '?' || pattern[place] === text[at]) {
      place += 1;
      at += 1;
    } else if (star >= 0) {
      place = star + 1;
      at = ++resume;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(place));
}

/** Condition keys whose fixed value makes a grant to `*` not public, in lower case. */
const NARROWING = new Set([
  'aws:sourceip',
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceowner',
  'aws:sourceaccount',
  'aws:userid',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalaccount',
  'aws:principalarn',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
]);
// With IfExists, a request without the key passes: that narrows nothing. Negations name whom to leave out.
const POSITIVE = /^(ForAnyValue:)?(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/i;

function isNarrowed(statement: Record<string, unknown>): boolean {
  return Object.entries(objectOf(statement.Condition)).some(
    ([operator, keys]) =>
      POSITIVE.test(operator) &&
      Object.entries(objectOf(keys)).some(
        ([key, values]) =>
          NARROWING.has(key.toLowerCase()) &&
          listOf(values).length > 0 &&
          listOf(values).every((value) => isFixed(key.toLowerCase(), String(value))),
      ),
  );
}

function isFixed(key: string, value: string): boolean {
  if (key === 'aws:sourceip') {
    const [address = '', bits] = value.split('/');
    const size = Number(bits ?? (address.includes(':') ? 128 : 32));
    return address.includes(':') ? size >= 32 : size >= 8;
  }
  // The path begins with the organization's id; behind it a wildcard stays within the organization.
  if (key === 'aws:principalorgpaths') return /^o-[a-z0-9]+\//.test(value);
  // An ARN may have a wildcard behind its account: it stays within one account.
  if (key.endsWith('arn') && /^arn:[^*?]*:[^*?]*:[^*?]*:\d{12}:/.test(value)) return !value.includes('${');
  return !/[*?]|\$\{/.test(value);
}
