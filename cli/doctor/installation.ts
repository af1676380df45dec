import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import type { KnownTrail } from '../../playbooks/detection.ts';
import { type PackId, packIds } from '../../playbooks/packs.ts';
import { type Mode, modes } from '../../playbooks/response.ts';
import type { Desk } from '../desk.ts';
import { isNoStack } from '../explain.ts';
import type { Resource, Scope } from './template.ts';

/** What the stacks of an installation have made, by what their templates say. */
export interface Installation {
  desk: Desk;
  scope: Scope;
  resources: Resource[];
  /** The stacks' statuses, by their names. */
  stacks: Record<string, string>;
  settings: InstalledSettings;
}

/** What a deployment tells its functions, as far as a desk needs it. */
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
export async function installedSettings(desk: Desk): Promise<InstalledSettings> {
  const { Environment } = await desk
    .client(LambdaClient)
    .send(new GetFunctionConfigurationCommand({ FunctionName: `${desk.prefix}-collect` }));
  const read = variables.parse(Environment?.Variables);
  return {
    trail: { logGroup: read.CORDON_LOG_GROUP, ...read.CORDON_TRAIL_PARTS },
    mode: read.CORDON_MODE,
    modes: read.CORDON_MODES,
    packs: read.CORDON_PACKS ?? [],
  };
}

/** Reads an installation from CloudFormation. An account's own trail has no stack here. */
export async function readInstallation(desk: Desk): Promise<Installation> {
  const stacks: Record<string, string> = {};
  const resources: Resource[] = [];
  let id = '';
  for (const name of [desk.prefix, `${desk.prefix}-trail`]) {
    const found = await readStack(desk, name).catch((error: Error) => {
      if (name !== desk.prefix && isNoStack(error.name, error.message)) return undefined;
      throw error;
    });
    if (!found) continue;
    stacks[name] = found.status;
    resources.push(...found.resources);
    id ||= found.id;
  }
  const [, partition = 'aws', , region = desk.region, account = ''] = id.split(':');
  return {
    desk,
    ...{ stacks, resources },
    scope: { account, region, partition, resources: new Map(resources.map((one) => [one.id, one])) },
    settings: await installedSettings(desk),
  };
}

async function readStack(desk: Desk, StackName: string) {
  const client = desk.client(CloudFormationClient);
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
  return { id: stack?.StackId ?? '', status: stack?.StackStatus ?? 'unknown', resources };
}

/** The resources of a type. */
export const ofType = ({ resources }: Installation, type: string): Resource[] =>
  resources.filter((resource) => resource.type === type);
