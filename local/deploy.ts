import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, UpdateContinuousBackupsCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { LEFT_OUT } from '../infra/emulator.ts';
import { SOC_POLICIES } from '../infra/soc-administrator.ts';
import type { AccessKey } from './account.ts';
import { assembly } from './assembly.ts';
import { LocalFailure } from './failure.ts';
import { makeLeftOut, type Resource } from './left-out.ts';
import { startSynthesizer } from './synthesizer.ts';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));

/** Where and as whom to deploy. */
export interface DeployOptions {
  endpoint: string;
  account: string;
  region: string;
  /** The SOC administrator's key. */
  credentials: AccessKey;
  /** Who gets the mails. */
  mail: string;
  /** ARN patterns of principals that are never contained automatically. */
  protectedPrincipals: string[];
  /** It is deployed already: what the local CloudFormation refuses is there. */
  again?: boolean;
  /** Further settings, as `-c` takes them. */
  settings?: Record<string, string>;
  /** Folder for CDK's output; made if absent. */
  dir: string;
  /** Ends the deployment. */
  signal?: AbortSignal;
  /** Gives the folder of the app that is synthesized for settings; unless told, that is done here. */
  assemble?: Assemble | undefined;
}

/** Gives the folder of the app that is synthesized for settings, as `-c` takes them. */
export type Assemble = (settings: Record<string, string>) => Promise<string>;

/** What the deployment made, as its outputs name it. */
export interface Deployment {
  ledgerTable: string;
  evidenceBucket: string;
  topicArn: string;
}

/**
 * Deploys every stack with CDK, as the SOC administrator, and then makes through their APIs what the local
 * CloudFormation refuses.
 * @throws LocalFailure of kind `failed` with the last lines of CDK's output
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  await makeStagingBucket(options);
  const settings: Record<string, string> = {
    local: 'true',
    mail: options.mail,
    boundary: SOC_POLICIES.roleBoundary,
    protected: options.protectedPrincipals.join(','),
    ...options.settings,
  };
  const app = await (options.assemble ?? ((all) => assembleHere(all, options.signal)))(settings);
  await mkdir(options.dir, { recursive: true });
  const outputs = join(options.dir, 'outputs.json');
  await cdk(
    ['deploy', '--all', '--app', app, '--outputs-file', outputs].concat([
      ...['--require-approval', 'never', '--method', 'direct', '--concurrency', '1', '--progress', 'events'],
      ...['--no-notices', '--ci'],
    ]),
    options,
  );
  const stacks = JSON.parse(await readFile(outputs, 'utf8')) as Record<string, Record<string, string>>;
  const manifest = JSON.parse(await readFile(join(app, 'manifest.json'), 'utf8')) as {
    artifacts: Record<string, { type: string; properties?: { templateFile?: string } }>;
  };
  for (const [stack, artifact] of Object.entries(manifest.artifacts)) {
    const file = artifact.type === 'aws:cloudformation:stack' ? artifact.properties?.templateFile : undefined;
    if (!file || options.again) continue;
    await makeMissing(stack, join(app, file), options);
    await recoverable(join(app, file), options);
  }
  const made = Object.values(stacks).find((one) => one.LedgerTable !== undefined);
  if (!made?.LedgerTable || !made.EvidenceBucket || !made.TopicArn) {
    throw new LocalFailure('failed', `The deployment has not said what it made: ${outputs} lacks its outputs.`);
  }
  await callOnce('cordon-keep-baseline', 'The trail’s first baseline could not be taken', options);
  await callOnce('cordon-send-canary', 'The first canary could not be sent', options);
  await callOnce('cordon-watchdog', 'The watchdog could not look for the first time', options);
  return { ledgerTable: made.LedgerTable, evidenceBucket: made.EvidenceBucket, topicArn: made.TopicArn };
}

/** The app for settings, synthesized where it is not there by a process for this one. `signal` ends it. */
export function assembleHere(settings: Record<string, string>, signal?: AbortSignal): Promise<string> {
  return assembly(settings, async (dir) => {
    const synthesizer = startSynthesizer(signal);
    try {
      await synthesizer.synthesize(settings, dir);
    } finally {
      synthesizer.close();
    }
  });
}

/** Calls a function for the first time, as its schedule would do some minutes later. */
async function callOnce(
  FunctionName: string,
  failure: string,
  { endpoint, region, credentials }: DeployOptions,
): Promise<void> {
  const lambda = new LambdaClient({ endpoint, region, credentials });
  try {
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
    if (!answer.FunctionError) return;
    const said = Buffer.from(answer.Payload ?? []).toString();
    throw new LocalFailure('failed', `${failure}: ${said.slice(0, 500)}`);
  } finally {
    lambda.destroy();
  }
}

/** The bucket that CDK stages its files in; the caller's own credentials publish to it, so no bootstrap roles are needed. */
async function makeStagingBucket({ endpoint, region, account, credentials }: DeployOptions): Promise<void> {
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const Bucket = `cdk-hnb659fds-assets-${account}-${region}`;
  try {
    await s3.send(new HeadBucketCommand({ Bucket })).catch(() => s3.send(new CreateBucketCommand({ Bucket })));
  } finally {
    s3.destroy();
  }
}

async function cdk(args: string[], options: DeployOptions): Promise<void> {
  const { endpoint, region, credentials, account } = options;
  const child = spawn(process.execPath, [join(PROJECT, 'node_modules/aws-cdk/bin/cdk'), ...args], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal ? { signal: options.signal } : {}),
    env: {
      ...withoutAws(process.env),
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // Neither a profile nor an instance role of this machine may get in between.
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DEFAULT_ACCOUNT: account,
      CDK_DEFAULT_REGION: region,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      NO_COLOR: '1',
    },
  });
  const output: string[] = [];
  const keep = (chunk: Buffer) => output.push(chunk.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  const last = output.join('').trim().split('\n').slice(-8).join(' | ');
  throw new LocalFailure('failed', `The deployment failed (cdk ended with ${code}): ${last}`);
}

const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));

/** The local CloudFormation leaves a table's point-in-time recovery off, whatever its template says. */
async function recoverable(templateFile: string, { endpoint, region, credentials }: DeployOptions): Promise<void> {
  const { Resources } = JSON.parse(await readFile(templateFile, 'utf8')) as { Resources: Record<string, Resource> };
  const dynamoDb = new DynamoDBClient({ endpoint, region, credentials });
  try {
    for (const { Type, Properties = {} } of Object.values(Resources)) {
      if (Type !== 'AWS::DynamoDB::Table' || !Properties.PointInTimeRecoverySpecification) continue;
      await dynamoDb.send(
        new UpdateContinuousBackupsCommand({
          TableName: String(Properties.TableName),
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      );
    }
  } finally {
    dynamoDb.destroy();
  }
}

async function makeMissing(stack: string, templateFile: string, options: DeployOptions): Promise<void> {
  const template = JSON.parse(await readFile(templateFile, 'utf8')) as {
    Metadata?: Record<string, Record<string, Resource>>;
    Resources: Record<string, Resource>;
  };
  const leftOut = template.Metadata?.[LEFT_OUT];
  if (!leftOut) return;
  const { endpoint, region, credentials } = options;
  const cloudFormation = new CloudFormationClient({ endpoint, region, credentials });
  try {
    const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: stack }));
    const physical = new Map(
      StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
        LogicalResourceId,
        PhysicalResourceId,
      ]),
    );
    await makeLeftOut(leftOut, template.Resources, physical, options);
  } finally {
    cloudFormation.destroy();
  }
}
