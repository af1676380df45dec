import { TargetUnfit } from '../errors.ts';

/** A resource of a CloudFormation template, and what was made of it. */
export interface Resource {
  /** Logical id. */
  id: string;
  type: string;
  /** Physical id: a name, an ARN, a URL, as its type has it. */
  physical: string;
  properties: Record<string, unknown>;
}

/** What references in a template stand for. */
export interface Scope {
  account: string;
  region: string;
  partition: string;
  /** What was made, by its logical id. */
  resources: ReadonlyMap<string, Pick<Resource, 'type' | 'physical'>>;
}

/** The attribute `Arn` of what has another physical id. Names end in it, after the URL of a queue too. */
const ARNS: Record<string, (name: string, scope: Scope) => string> = {
  'AWS::CloudWatch::Alarm': (name, { partition, region, account }) =>
    `arn:${partition}:cloudwatch:${region}:${account}:alarm:${name}`,
  'AWS::DynamoDB::Table': (name, { partition, region, account }) =>
    `arn:${partition}:dynamodb:${region}:${account}:table/${name}`,
  'AWS::Events::EventBus': (name, { partition, region, account }) =>
    `arn:${partition}:events:${region}:${account}:event-bus/${name}`,
  'AWS::IAM::Role': (name, { partition, account }) => `arn:${partition}:iam::${account}:role/${name}`,
  'AWS::Lambda::Function': (name, { partition, region, account }) =>
    `arn:${partition}:lambda:${region}:${account}:function:${name}`,
  'AWS::Logs::LogGroup': (name, { partition, region, account }) =>
    `arn:${partition}:logs:${region}:${account}:log-group:${name}:*`,
  'AWS::S3::Bucket': (name, { partition }) => `arn:${partition}:s3:::${name}`,
  'AWS::SQS::Queue': (url, { partition, region, account }) =>
    `arn:${partition}:sqs:${region}:${account}:${url.slice(url.lastIndexOf('/') + 1)}`,
};

/** Stands for what cannot be told from the template: any text. */
const ANY = Symbol('any');
type Part = string | typeof ANY;

/** Whether what is there is what a template says. Lists are compared without their order. */
export function agrees(expected: unknown, actual: unknown, scope: Scope): boolean {
  if (Array.isArray(expected) || Array.isArray(actual)) return agreesAsList(listed(expected), listed(actual), scope);
  if (isIntrinsic(expected) || typeof expected !== 'object' || expected === null) {
    return typeof actual === 'object' ? expected === actual : matches(partsOf(expected, scope), String(actual));
  }
  if (typeof actual !== 'object' || actual === null) return false;
  const [left, right] = [expected as Record<string, unknown>, actual as Record<string, unknown>];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => key in right && agrees(left[key], right[key], scope))
  );
}

/** What a template says of a text, for people; what cannot be told from it is `*`. */
export const textOf = (value: unknown, scope: Scope): string =>
  partsOf(value, scope)
    .map((part) => (part === ANY ? '*' : part))
    .join('');

/** What a template says of a value, with everything that it refers to filled in. @throws {TargetUnfit} where that cannot be told from it */
export function filledIn(value: unknown, scope: Scope): unknown {
  if (isIntrinsic(value)) {
    const parts = partsOf(value, scope);
    if (parts.includes(ANY)) throw new TargetUnfit(`The template does not tell what ${JSON.stringify(value)} is.`);
    return parts.join('');
  }
  if (Array.isArray(value)) return value.filter((one) => !isNoValue(one)).map((one) => filledIn(one, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filledIn(one, scope)]));
}

/** A policy document without the choices that IAM leaves: one or a list of them, and what stands first. */
export function normalPolicy(document: unknown): unknown {
  const { Statement } = document as { Statement?: unknown };
  return listed(Statement).map((statement) =>
    Object.fromEntries(
      Object.entries(statement as Record<string, unknown>).map(([key, value]) => [
        key,
        key === 'Effect' || key === 'Sid' ? value : normalValue(value),
      ]),
    ),
  );
}

const normalValue = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isIntrinsic(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, normalValue(one)]))
    : listed(value);

const listed = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter((one) => !isNoValue(one));

const isNoValue = (value: unknown): boolean => (value as { Ref?: unknown } | null)?.Ref === 'AWS::NoValue';

function agreesAsList(expected: unknown[], actual: unknown[], scope: Scope): boolean {
  if (expected.length !== actual.length) return false;
  const left = [...actual];
  return expected.every((one) => {
    const at = left.findIndex((other) => agrees(one, other, scope));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function isIntrinsic(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const [key, ...more] = Object.keys(value);
  return more.length === 0 && key !== undefined && (key === 'Ref' || key.startsWith('Fn::'));
}

function partsOf(value: unknown, scope: Scope): Part[] {
  if (!isIntrinsic(value)) return [typeof value === 'string' ? value : JSON.stringify(value)];
  if ('Ref' in value) return [refOf(String(value.Ref), scope)];
  if ('Fn::Join' in value) {
    const [between, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.flatMap((part, index) => [...(index > 0 && between ? [between] : []), ...partsOf(part, scope)]);
  }
  if ('Fn::GetAtt' in value) {
    const [id = '', attribute] = value['Fn::GetAtt'] as string[];
    const made = scope.resources.get(id);
    if (attribute !== 'Arn' || made === undefined) return [ANY];
    if (made.physical.startsWith('arn:')) return [made.physical];
    return [ARNS[made.type]?.(made.physical, scope) ?? ANY];
  }
  return [ANY];
}

function refOf(name: string, { account, region, partition, resources }: Scope): Part {
  const pseudo: Record<string, string> = {
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::Partition': partition,
  };
  return pseudo[name] ?? resources.get(name)?.physical ?? ANY;
}

/** Whether a text has these parts one after the other, any text in the place of {@link ANY}. */
function matches(parts: Part[], text: string): boolean {
  let at = 0;
  let free = false;
  for (const [index, part] of parts.entries()) {
    if (part === ANY) {
      free = true;
      continue;
    }
    const last = index === parts.length - 1;
    const found = free ? (last ? text.lastIndexOf(part) : text.indexOf(part, at)) : text.startsWith(part, at) ? at : -1;
    if (found < at || (last && found + part.length !== text.length)) return false;
    at = found + part.length;
    free = false;
  }
  return free || at === text.length;
}
