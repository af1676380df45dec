import {
  CloudTrailClient,
  CreateTrailCommand,
  type EventSelector,
  PutEventSelectorsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateApiDestinationCommand,
  type CreateApiDestinationRequest,
  CreateConnectionCommand,
  type CreateConnectionRequest,
  EventBridgeClient,
} from '@aws-sdk/client-eventbridge';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AccessKey } from './account.ts';
import { LocalFailure } from './failure.ts';

/** A resource as a CloudFormation template has it. */
export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
}

/** Where and as whom to make it. */
export interface Maker {
  endpoint: string;
  account: string;
  region: string;
  credentials: AccessKey;
}

/** The `Arn` attribute of a resource, by its physical name. */
const ARNS: Record<string, (name: string, maker: Maker) => string> = {
  'AWS::IAM::Role': (name, { account }) => `arn:aws:iam::${account}:role/${name}`,
  'AWS::Logs::LogGroup': (name, { account, region }) => `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Events::Connection': (name, { account, region }) => `arn:aws:events:${region}:${account}:connection/${name}`,
};

const MAKERS: Record<string, (properties: Record<string, unknown>, maker: Maker) => Promise<void>> = {
  'AWS::CloudTrail::Trail': makeTrail,
  'AWS::Events::Connection': (properties, maker) =>
    put(maker, (events) => events.send(new CreateConnectionCommand(properties as unknown as CreateConnectionRequest))),
  'AWS::Events::ApiDestination': (properties, maker) =>
    put(maker, (events) =>
      events.send(new CreateApiDestinationCommand(properties as unknown as CreateApiDestinationRequest)),
    ),
};

/**
 * Makes resources that the local CloudFormation refused, from the properties that their template has for them.
 * @param declared all resources of the template, to tell what a reference refers to
 * @param physical names of what was made, by logical id
 * @throws LocalFailure of kind `failed` for a type or a reference that it does not know
 */
export async function makeLeftOut(
  leftOut: Record<string, Resource>,
  declared: Record<string, Resource>,
  physical: Map<string, string>,
  maker: Maker,
): Promise<void> {
  const all = { ...declared, ...leftOut };
  const names = new Map(physical);
  for (const [id, { Type, Properties = {} }] of Object.entries(leftOut)) {
    const make = MAKERS[Type];
    if (!make) throw new LocalFailure('failed', `${id} was left out of its stack, but nothing makes a ${Type}.`);
    const properties = await withSecrets(resolve(Properties, all, names, maker), maker);
    await make(properties as Record<string, unknown>, maker);
    if (typeof Properties.Name === 'string') names.set(id, Properties.Name);
  }
}

function resolve(
  value: unknown,
  declared: Record<string, Resource>,
  physical: Map<string, string>,
  maker: Maker,
): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, declared, physical, maker));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  if (Ref !== undefined) return nameOf(Ref, physical);
  if (attribute !== undefined) {
    const [id, name] = attribute;
    const arn = name === 'Arn' ? ARNS[declared[id]?.Type ?? ''] : undefined;
    if (!arn)
      throw new LocalFailure('failed', `The attribute ${name} of ${id} (${declared[id]?.Type}) is not known here.`);
    return arn(nameOf(id, physical), maker);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, declared, physical, maker)]));
}

function nameOf(id: string, physical: Map<string, string>): string {
  const name = physical.get(id);
  if (name === undefined) throw new LocalFailure('failed', `The stack has made no ${id}, which something refers to.`);
  return name;
}

const SECRET = /^\{\{resolve:secretsmanager:(.+?):SecretString:::\}\}$/;

/**
 * With the values of secrets in the place of references to them, read with the deployer's own rights, as CloudFormation
 * does. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
 */
async function withSecrets(value: unknown, maker: Maker): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => withSecrets(one, maker)));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(async ([key, one]) => [key, await withSecrets(one, maker)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
  const SecretId = typeof value === 'string' ? SECRET.exec(value)?.[1] : undefined;
  if (SecretId === undefined) return value;
  const { endpoint, region, credentials } = maker;
  const secrets = new SecretsManagerClient({ endpoint, region, credentials });
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    if (SecretString === undefined) throw new LocalFailure('failed', `The secret ${SecretId} holds no text.`);
    return SecretString;
  } finally {
    secrets.destroy();
  }
}

async function put(
  { endpoint, region, credentials }: Maker,
  make: (events: EventBridgeClient) => Promise<unknown>,
): Promise<void> {
  const events = new EventBridgeClient({ endpoint, region, credentials });
  try {
    await make(events);
  } finally {
    events.destroy();
  }
}

async function makeTrail(properties: Record<string, unknown>, { endpoint, region, credentials }: Maker): Promise<void> {
  const cloudTrail = new CloudTrailClient({ endpoint, region, credentials });
  const { TrailName, IsLogging, EventSelectors, Tags, ...rest } = properties as {
    TrailName: string;
    IsLogging?: boolean;
    EventSelectors?: EventSelector[];
    Tags?: { Key: string; Value: string }[];
    S3BucketName: string;
  };
  try {
    await cloudTrail.send(new CreateTrailCommand({ ...rest, Name: TrailName, ...(Tags ? { TagsList: Tags } : {}) }));
    if (EventSelectors && EventSelectors.length > 0) {
      await cloudTrail.send(new PutEventSelectorsCommand({ TrailName, EventSelectors }));
    }
    if (IsLogging) await cloudTrail.send(new StartLoggingCommand({ Name: TrailName }));
  } finally {
    cloudTrail.destroy();
  }
}
