import type { ExposureWay } from '../../playbooks/findings.ts';
import { listOf, objectOf } from '../../playbooks/parameters.ts';

/** A statement of a policy that lets strangers in. */
export interface PublicStatement {
  /** `statement Readers`: its Sid, or its number where it has none. */
  what: string;
  access: ExposureWay['access'];
  /** The statement itself. */
  statement: Record<string, unknown>;
}

/**
 * The statements of a policy that AWS takes for public: they allow something to everybody, and no condition narrows that.
 * A policy that is no JSON has none.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function publicStatements(policy: string | undefined): PublicStatement[] {
  return statementsOf(policy).flatMap((statement, index) =>
    isPublicStatement(statement)
      ? [
          {
            what: `statement ${typeof statement.Sid === 'string' ? statement.Sid : index + 1}`,
            access: accessOf(statement),
            statement,
          },
        ]
      : [],
  );
}

/** The policy without its public statements; undefined where none is left. */
export function withoutPublicStatements(policy: string | undefined): string | undefined {
  return withStatements(
    policy,
    statementsOf(policy).filter((statement) => !isPublicStatement(statement)),
  );
}

/** The policy with `statements` behind those that it has, each only once; undefined where there is none at all. */
export function withStatementsAdded(
  policy: string | undefined,
  statements: Record<string, unknown>[],
): string | undefined {
  const present = statementsOf(policy);
  const known = new Set(present.map((statement) => JSON.stringify(statement)));
  const missing = statements.filter((statement) => !known.has(JSON.stringify(statement)));
  return withStatements(policy, [...present, ...missing]);
}

/** Whether two policies say the same, however they are laid out. */
export const samePolicy = (one: string | undefined, other: string | undefined): boolean =>
  canonical(parsed(one)) === canonical(parsed(other));

/**
 * Whether a bucket's policy lets strangers in who come by an access point: that takes a statement for everybody that
 * nothing narrows but the access point that is come by.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-delegating-control
 */
export const letsAccessPointsIn = (policy: string | undefined): boolean =>
  statementsOf(policy).some(
    (statement) =>
      statement.Effect === 'Allow' && isForAnybody(statement) && !isNarrowed(statement, BY_ACCESS_POINT_ONLY),
  );

function parsed(policy: string | undefined): Record<string, unknown> {
  if (policy === undefined) return {};
  try {
    return objectOf(JSON.parse(policy));
  } catch {
    return {};
  }
}

const statementsOf = (policy: string | undefined): Record<string, unknown>[] =>
  listOf(parsed(policy).Statement).map(objectOf);

function withStatements(policy: string | undefined, statements: Record<string, unknown>[]): string | undefined {
  if (statements.length === 0) return undefined;
  return JSON.stringify({ Version: '2012-10-17', ...parsed(policy), Statement: statements });
}

/** With keys in order, and a list of one as its only element: S3 gives a policy back in a layout of its own. */
function canonical(value: unknown): string {
  const ordered = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.length === 1 ? ordered(one[0]) : one.map(ordered);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one)
        .sort(([left], [right]) => left.localeCompare(right))
        .map(([key, inner]) => [key, ordered(inner)]),
    );
  };
  return JSON.stringify(ordered(value));
}

const isPublicStatement = (statement: Record<string, unknown>): boolean =>
  statement.Effect === 'Allow' && isForAnybody(statement) && !isNarrowed(statement, NARROWING);

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

function accessOf(statement: Record<string, unknown>): ExposureWay['access'] {
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
const NARROWING: ReadonlySet<string> = new Set([
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
/** The same without those that every request by an access point has. */
const BY_ACCESS_POINT_ONLY: ReadonlySet<string> = new Set(
  [...NARROWING].filter((key) => !key.startsWith('s3:dataaccesspoint')),
);
// With IfExists, a request without the key passes: that narrows nothing. Negations name whom to leave out.
const POSITIVE = /^(ForAnyValue:)?(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/i;

function isNarrowed(statement: Record<string, unknown>, keysThatNarrow: ReadonlySet<string>): boolean {
  return Object.entries(objectOf(statement.Condition)).some(
    ([operator, keys]) =>
      POSITIVE.test(operator) &&
      Object.entries(objectOf(keys)).some(
        ([key, values]) =>
          keysThatNarrow.has(key.toLowerCase()) &&
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
