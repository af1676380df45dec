import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { KnownTrail } from '../../playbooks/detection.ts';
import { type PackId, packIds } from '../../playbooks/packs.ts';
import { type Mode, modes } from '../../playbooks/response.ts';
import type { Ledger } from '../incidents/ledger.ts';
import type { Resource, Scope } from './template.ts';

/** Who looks, with what clients. */
export interface Reader {
  prefix: string;
  region: string;
  ledger: Ledger;
  /** The client of a service, in the installation's region unless told. */
  client<C>(type: new (config: never) => C, region?: string): C;
}

/** What the stacks of an installation have made, by what their templates say. */
export interface Installation {
  reader: Reader;
  scope: Scope;
  resources: Resource[];
  /** The stacks' statuses, by their names. */
  stacks: Record<string, string>;
  settings: InstalledSettings;
  /** When the deployment began that is changing a stack right now. */
  changing?: Date;
}

/** What a deployment tells its functions, as far as who looks at it needs it. */
export interface InstalledSettings {
  /** The trail that the detections read, by what it delivers through. */
  trail: KnownTrail;
  mode: Mode;
  modes: Record<string, Mode>;
  /** The packs that are on. */
  packs: PackId[];
}

const json = z.string().transform((text): unknown => JSON.parse(text));
const variables = z.object({
  CORDON_LOG_GROUP: z.string(),
  CORDON_TRAIL_PARTS: json.pipe(
    z.object({ bucket: z.string().optional(), role: z.string().optional(), key: z.string().optional() }),
  ),
  // An installation from before there were packs does not say, and a later one may have packs that are not known here.
  CORDON_PACKS: json
    .pipe(z.array(z.string()))
    .transform((on) => packIds.filter((id) => on.includes(id)))
    .optional(),
  CORDON_MODE: z.enum(modes),
  CORDON_MODES: json.pipe(z.record(z.string(), z.enum(modes))),
});
const template = z.object({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

/** What the deployment was set to, as the function that collects has it. */
export async function installedSettings(reader: Reader): Promise<InstalledSettings> {
  const { Environment } = await reader
    .client(LambdaClient)
    .send(new GetFunctionConfigurationCommand({ FunctionName: `${reader.prefix}-collect` }));
  const read = variables.parse(Environment?.Variables);
  return {
    trail: { prefix: reader.prefix, logGroup: read.CORDON_LOG_GROUP, ...read.CORDON_TRAIL_PARTS },
    mode: read.CORDON_MODE,
    modes: read.CORDON_MODES,
    packs: read.CORDON_PACKS ?? [],
  };
}

/** Reads an installation from CloudFormation. An account's own trail has no stack here. */
export async function readInstallation(reader: Reader): Promise<Installation> {
  const stacks: Record<string, string> = {};
  const resources: Resource[] = [];
  let id = '';
  let changing: Date | undefined;
  for (const name of [reader.prefix, `${reader.prefix}-trail`]) {
    const found = await readStack(reader, name).catch((error: Error) => {
      if (name !== reader.prefix && isNoStack(error.name, error.message)) return undefined;
      throw error;
    });
    if (!found) continue;
    stacks[name] = found.status;
    resources.push(...found.resources);
    id ||= found.id;
    if (found.changing && !(changing && changing > found.changing)) changing = found.changing;
  }
  const [, partition = 'aws', , region = reader.region, account = ''] = id.split(':');
  return {
    reader,
    ...{ stacks, resources },
    scope: { account, region, partition, resources: new Map(resources.map((one) => [one.id, one])) },
    settings: await installedSettings(reader),
    ...(changing ? { changing } : {}),
  };
}

/** DescribeStacks says so of a stack that is not there. */
export const isNoStack = (name: string, message: string): boolean =>
  name === 'ValidationError' && /does not exist/.test(message);

async function readStack(reader: Reader, StackName: string) {
  const client = reader.client(CloudFormationClient);
  const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName }));
  const declared = template.parse(JSON.parse(TemplateBody)).Resources;
  const resources: Resource[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName })) {
    for (const { LogicalResourceId: id = '', PhysicalResourceId: physical = '' } of page.StackResourceSummaries ?? []) {
      const one = Object.hasOwn(declared, id) ? declared[id] : undefined;
      if (one) resources.push({ id, physical, type: one.Type, properties: one.Properties ?? {} });
    }
  }
  const { StackId = '', StackStatus = 'unknown' } = stack ?? {};
  const began = stack?.DeletionTime ?? stack?.LastUpdatedTime ?? stack?.CreationTime;
  // REVIEW_IN_PROGRESS is a stack whose first change set nobody has executed: nothing moves.
  const moves = StackStatus.endsWith('_IN_PROGRESS') && StackStatus !== 'REVIEW_IN_PROGRESS';
  return { id: StackId, status: StackStatus, resources, changing: moves ? began : undefined };
}

/** The resources of a type. */
export const ofType = ({ resources }: Installation, type: string): Resource[] =>
  resources.filter((resource) => resource.type === type);
