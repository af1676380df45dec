import { listOf, objectOf } from './parameters.ts';

/** A policy document as a record or IAM has it: JSON in a text, perhaps encoded as in a URL, or an object. Undefined where it cannot be read. */
export function documentOf(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'string') return Object.keys(objectOf(value)).length > 0 ? objectOf(value) : undefined;
  const decoded = () => (value.trimStart().startsWith('%') ? decodeURIComponent(value) : value);
  try {
    const parsed: unknown = JSON.parse(decoded());
    return Object.keys(objectOf(parsed)).length > 0 ? objectOf(parsed) : undefined;
  } catch {
    return undefined;
  }
}

const statementsOf = (document: Record<string, unknown>): Record<string, unknown>[] =>
  listOf(document.Statement).map(objectOf);
const textsOf = (value: unknown): string[] => listOf(value).filter((one) => typeof one === 'string') as string[];

/** Actions with which whoever has them on everything gives themselves the rest. */
const EVERYTHING = /^(\*|\*:\*|iam:\*)$/i;

/**
 * Whether a policy gives administrator rights: everything, or all of IAM, on all resources. `Allow` with `NotAction` gives
 * everything but some. What cannot be read counts, so that nobody hides rights in an odd text.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
 */
export function givesAdministrator(value: unknown): boolean {
  const document = documentOf(value);
  if (!document) return true;
  return statementsOf(document).some(
    ({ Effect, Action, NotAction, Resource, NotResource }) =>
      Effect === 'Allow' &&
      (NotResource !== undefined || textsOf(Resource).some((one) => /^\*+$/.test(one))) &&
      (NotAction !== undefined || textsOf(Action).some((one) => EVERYTHING.test(one))),
  );
}

/** AWS's managed policies that give administrator rights, or all of IAM, with which they can be had. */
const ADMINISTRATOR_POLICIES = ['AdministratorAccess', 'IAMFullAccess'];

/** Whether a managed policy of AWS gives administrator rights, by its ARN. */
export const isAdministratorPolicy = (arn: string): boolean =>
  ADMINISTRATOR_POLICIES.some((name) => arn.endsWith(`:iam::aws:policy/${name}`));

/** A principal of a trust policy that is none of the account's own: its account's id, or `*` for everybody. */
export type Stranger = string;

/** The account that an AWS principal is of, or `*`. Ids stand for principals that were deleted: they let nobody in. */
function accountOf(principal: string): string | undefined {
  if (principal === '*') return '*';
  return /^(\d{12})$/.exec(principal)?.[1] ?? /^arn:[\w-]+:(?:iam|sts)::(\d{12}):/.exec(principal)?.[1];
}

/** The accounts, or everybody, that a statement of a trust policy lets in besides the account itself. */
function strangersIn({ Effect, Principal, NotPrincipal }: Record<string, unknown>, account: string): Stranger[] {
  if (Effect !== 'Allow') return [];
  if (NotPrincipal !== undefined || Principal === '*') return ['*'];
  return textsOf(objectOf(Principal).AWS).flatMap((one) => {
    const owner = accountOf(one);
    return owner === undefined || owner === account ? [] : [owner];
  });
}

/**
 * The accounts that a trust policy lets assume its role besides the account itself, and `*` for everybody. Services and
 * identity providers are none. Undefined where the policy cannot be read.
 */
export function strangersOf(value: unknown, account: string): Stranger[] | undefined {
  const document = documentOf(value);
  return document && [...new Set(statementsOf(document).flatMap((one) => strangersIn(one, account)))];
}

/** A trust policy that lets nobody in: one must have a statement. */
const NOBODY = { Sid: 'ClosedByCordon', Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };

/** The trust policy without the principals of other accounts; the rest of it stays as it is. */
export function withoutStrangers(document: Record<string, unknown>, account: string): Record<string, unknown> {
  const kept = statementsOf(document).flatMap((statement) => {
    if (strangersIn(statement, account).length === 0) return [statement];
    const { AWS, ...others } = objectOf(statement.Principal);
    const own = textsOf(AWS).filter((one) => accountOf(one) === account);
    const Principal = { ...others, ...(own.length > 0 ? { AWS: own } : {}) };
    return statement.NotPrincipal === undefined && Object.keys(Principal).length > 0
      ? [{ ...statement, Principal }]
      : [];
  });
  return { ...document, Statement: kept.length > 0 ? kept : [NOBODY] };
}
