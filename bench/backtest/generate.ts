import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Chance } from './chance.ts';

/** A made archive: where it is, and what is in it. */
export interface MadeArchive {
  folder: string;
  files: string[];
  events: number;
  /** Bytes as stored, and of the text. */
  stored: number;
  text: number;
}

type Json = Record<string, unknown>;

const START = Date.UTC(2026, 4, 1);
const DAYS = 10;
const REGIONS = ['us-east-1', 'us-east-1', 'us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-2'];
const READS: readonly (readonly [string, string])[] = [
  ...[
    'DescribeInstances',
    'DescribeVolumes',
    'DescribeNetworkInterfaces',
    'DescribeSecurityGroups',
    'DescribeTags',
  ].map((name) => ['ec2', name] as const),
  ...['AssumeRole', 'AssumeRole', 'GetCallerIdentity'].map((name) => ['sts', name] as const),
  ...['GetBucketAcl', 'GetBucketPolicy', 'ListBuckets', 'GetBucketLocation'].map((name) => ['s3', name] as const),
  ...['GetRole', 'ListAttachedRolePolicies', 'GetPolicyVersion'].map((name) => ['iam', name] as const),
  ...['Decrypt', 'Decrypt', 'GenerateDataKey'].map((name) => ['kms', name] as const),
  ...['DescribeTrails', 'GetTrailStatus'].map((name) => ['cloudtrail', name] as const),
  ...[
    ['secretsmanager', 'GetSecretValue'],
    ['ssm', 'GetParameter'],
    ['rds', 'DescribeDBInstances'],
    ['dynamodb', 'DescribeTable'],
  ].map(([a = '', b = '']) => [a, b] as const),
];
const WRITES: readonly (readonly [string, string])[] = [
  ['ec2', 'CreateTags'],
  ['ec2', 'RunInstances'],
  ['logs', 'CreateLogStream'],
  ['iam', 'AttachRolePolicy'],
  ['s3', 'PutBucketTagging'],
  ['lambda', 'UpdateFunctionCode20150331v2'],
];
const AGENTS = [
  'Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.40.1',
  'APN/1.0 HashiCorp/1.0 Terraform/1.12.2 (+https://www.terraform.io) terraform-provider-aws/6.3.0 aws-sdk-go-v2/1.36.5 os/linux lang/go#1.24.4',
  'aws-sdk-java/2.31.77 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10 lang/java#21.0.7 md/OpenJDK_64-Bit_Server_VM#21.0.7+6-LTS',
  'aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4 md/prompt#off md/command#ec2.describe-instances',
];
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** Makes records like those of accounts at work, from a seed: the same seed makes the same records. */
class Maker {
  readonly #chance: Chance;
  readonly #accounts: string[];
  readonly #roles: { account: string; name: string; id: string }[];
  readonly #addresses: string[];
  readonly #buckets: string[];

  constructor(seed: number) {
    const chance = new Chance(seed);
    this.#chance = chance;
    this.#accounts = Array.from({ length: 6 }, () => chance.text('0123456789', 12));
    const names = [
      'platform-readonly',
      'deployer',
      'eks-node',
      'security-audit',
      'orders-service',
      'billing-service',
      'thumbnailer',
      'backup',
    ];
    this.#roles = this.#accounts.flatMap((account) =>
      names.map((name) => ({ account, name, id: `AROA${chance.key(17)}` })),
    );
    this.#addresses = Array.from(
      { length: 2000 },
      () => `${chance.pick([3, 18, 34, 52, 203])}.${chance.below(256)}.${chance.below(256)}.${1 + chance.below(254)}`,
    );
    this.#buckets = Array.from(
      { length: 300 },
      () => `${chance.pick(['prod', 'stage', 'dev'])}-${chance.pick(['logs', 'assets', 'exports'])}-${chance.hex(6)}`,
    );
  }

  /** One of many that nobody minds. */
  routine(time: number): Json {
    const chance = this.#chance;
    const roll = chance.next();
    if (roll < 0.003) return this.#signIn(time, true);
    if (roll < 0.004) return this.#signIn(time, false);
    if (roll < 0.006) return this.#serviceAsRoot(time);
    const [service, name] = chance.pick(roll < 0.06 ? WRITES : READS);
    const { account, ...identity } = this.#role(time);
    const failed = chance.next() < 0.03;
    return this.#record(time, service, name, {
      ...{
        account,
        identity,
        region: chance.pick(REGIONS),
        agent: chance.pick(AGENTS),
        ...this.#about(service, name, account),
      },
      readOnly: roll >= 0.06,
      ...(failed
        ? { error: chance.pick(['AccessDenied', 'ThrottlingException', 'Client.UnauthorizedOperation']) }
        : {}),
    });
  }

  /** One of those that detections are for. */
  attack(time: number): Json[] {
    const chance = this.#chance;
    const { account, ...identity } = this.#role(time);
    const by = { account, identity, region: chance.pick(REGIONS), agent: chance.pick(AGENTS), readOnly: false };
    const bucket = chance.pick(this.#buckets);
    switch (chance.below(4)) {
      case 0:
        return [
          this.#record(time, 'cloudtrail', chance.pick(['StopLogging', 'DeleteTrail']), {
            ...by,
            request: { name: 'organization' },
          }),
        ];
      case 1:
        return [
          this.#record(time, 's3', chance.pick(['PutBucketPolicy', 'PutBucketAcl', 'DeletePublicAccessBlock']), {
            ...by,
            request: {
              bucketName: bucket,
              bucketPolicy: {
                Version: '2012-10-17',
                Statement: [
                  { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
                ],
              },
            },
          }),
        ];
      case 2:
        return [
          this.#record(time, 'iam', 'CreateAccessKey', {
            ...by,
            identity: {
              type: 'Root',
              principalId: account,
              arn: `arn:aws:iam::${account}:root`,
              accountId: account,
              accessKeyId: `ASIA${chance.key(16)}`,
            },
            agent: BROWSER,
          }),
        ];
      default:
        return Array.from({ length: 6 + chance.below(6) }, (_, n) => this.#signIn(time + n * 9000, false));
    }
  }

  #role(time: number): Json & { account: string } {
    const chance = this.#chance;
    const { account, name, id } = chance.pick(this.#roles);
    // A session lasts an hour, and a role has a few at a time.
    const session = `${name}-${(Math.floor(time / 3_600_000) * 8 + chance.below(8)).toString(16)}`;
    return {
      account,
      type: 'AssumedRole',
      principalId: `${id}:${session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${name}/${session}`,
      accountId: account,
      accessKeyId: `ASIA${chance.key(16)}`,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: id,
          arn: `arn:aws:iam::${account}:role/${name}`,
          accountId: account,
          userName: name,
        },
        attributes: { creationDate: iso(Math.floor(time / 3_600_000) * 3_600_000), mfaAuthenticated: 'false' },
      },
    };
  }

  #signIn(time: number, success: boolean): Json {
    const chance = this.#chance;
    const account = chance.pick(this.#accounts);
    const userName = chance.pick(['alice', 'bob', 'carol', 'dave', 'erin']);
    return this.#record(time, 'signin', 'ConsoleLogin', {
      ...{ account, region: 'us-east-1', agent: BROWSER, readOnly: false, eventType: 'AwsConsoleSignIn' },
      identity: {
        type: 'IAMUser',
        principalId: `AIDA${chance.key(17)}`,
        accountId: account,
        accessKeyId: '',
        userName,
      },
      response: { ConsoleLogin: success ? 'Success' : 'Failure' },
      more: {
        additionalEventData: {
          LoginTo: 'https://console.aws.amazon.com/console/home',
          MobileVersion: 'No',
          MFAUsed: success ? 'Yes' : 'No',
        },
      },
      ...(success ? {} : { message: 'Failed authentication' }),
    });
  }

  #serviceAsRoot(time: number): Json {
    const account = this.#chance.pick(this.#accounts);
    const identity = {
      type: 'Root',
      principalId: account,
      arn: `arn:aws:iam::${account}:root`,
      accountId: account,
      invokedBy: 'AWS Internal',
    };
    return this.#record(time, 'ec2', 'DescribeInstances', {
      account,
      identity,
      region: this.#chance.pick(REGIONS),
      agent: 'AWS Internal',
      readOnly: true,
    });
  }

  #about(service: string, name: string, account: string): { request: Json | null; response?: Json; more?: Json } {
    const chance = this.#chance;
    switch (service) {
      case 's3': {
        const bucket = chance.pick(this.#buckets);
        return {
          request: { bucketName: bucket, Host: `${bucket}.s3.amazonaws.com`, acl: '' },
          more: { resources: [{ accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` }] },
        };
      }
      case 'kms': {
        const key = `arn:aws:kms:us-east-1:${account}:key/${chance.uuid()}`;
        return {
          request: {
            encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
            encryptionContext: { 'aws:ebs:id': `vol-${chance.hex(17)}` },
            keyId: key,
          },
          more: { resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: key }] },
        };
      }
      case 'sts': {
        if (name !== 'AssumeRole') return { request: null };
        const role = chance.pick(this.#roles);
        const arn = `arn:aws:iam::${role.account}:role/${role.name}`;
        return {
          request: { roleArn: arn, roleSessionName: role.name, durationSeconds: 3600 },
          response: {
            credentials: {
              accessKeyId: `ASIA${chance.key(16)}`,
              sessionToken: chance.text('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 380),
              expiration: 'May 1, 2026, 4:00:00 AM',
            },
            assumedRoleUser: { assumedRoleId: `${role.id}:${role.name}`, arn },
          },
          more: { resources: [{ accountId: role.account, type: 'AWS::IAM::Role', ARN: arn }] },
        };
      }
      case 'iam':
        return {
          request: {
            roleName: chance.pick(this.#roles).name,
            policyDocument: JSON.stringify({
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
            }),
          },
        };
      case 'ec2':
        return {
          request: {
            maxResults: 1000,
            filterSet: {
              items: Array.from({ length: 1 + chance.below(4) }, () => ({
                name: chance.pick(['tag:Name', 'vpc-id', 'instance-state-name']),
                valueSet: { items: [{ value: `i-${chance.hex(17)}` }, { value: `i-${chance.hex(17)}` }] },
              })),
            },
          },
        };
      default:
        return { request: { name: `/${chance.pick(['prod', 'dev'])}/${chance.hex(8)}`, withDecryption: true } };
    }
  }

  #record(
    time: number,
    service: string,
    eventName: string,
    of: {
      account: string;
      identity: Json;
      region: string;
      agent: string;
      readOnly: boolean;
      request?: Json | null;
      response?: Json;
      more?: Json;
      error?: string;
      message?: string;
      eventType?: string;
    },
  ): Json {
    const chance = this.#chance;
    const message =
      of.message ??
      (of.error ? `User: ${String(of.identity.arn)} is not authorized to perform: ${service}:${eventName}` : undefined);
    return {
      eventVersion: '1.11',
      userIdentity: of.identity,
      eventTime: iso(time),
      eventSource: `${service}.amazonaws.com`,
      eventName,
      awsRegion: of.region,
      sourceIPAddress: chance.pick(this.#addresses),
      userAgent: of.agent,
      ...(of.error ? { errorCode: of.error } : {}),
      ...(message ? { errorMessage: message } : {}),
      requestParameters: of.request ?? null,
      responseElements: of.response ?? null,
      ...of.more,
      requestID: chance.uuid(),
      eventID: chance.uuid(),
      readOnly: of.readOnly,
      eventType: of.eventType ?? 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: of.account,
      eventCategory: 'Management',
      tlsDetails: {
        tlsVersion: 'TLSv1.3',
        cipherSuite: 'TLS_AES_128_GCM_SHA256',
        clientProvidedHostHeader: `${service}.${of.region}.amazonaws.com`,
      },
    };
  }
}

const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * Makes an archive of so many events below a folder, or finds the one that was made before. One event in 5,000 begins an attack.
 * Files hold 500 to 2,000 records, as CloudTrail delivers them.
 */
export function madeArchive(
  folder: string,
  events: number,
  seed: number,
  progress: (text: string) => void,
): MadeArchive {
  const list = join(folder, 'made.json');
  if (existsSync(list)) return JSON.parse(readFileSync(list, 'utf8')) as MadeArchive;
  rmSync(folder, { recursive: true, force: true });
  const [maker, chance] = [new Maker(seed), new Chance(seed + 1)];
  const made: MadeArchive = { folder, files: [], events: 0, stored: 0, text: 0 };
  let [part, size]: [string[], number] = [[], 500 + chance.below(1500)];
  const write = (time: number): void => {
    if (part.length === 0) return;
    const day = iso(time).slice(0, 10);
    const stamp = iso(time).slice(0, 16).replace(/[-:]/g, '');
    const path = join(
      folder,
      'AWSLogs/111122223333/CloudTrail/us-east-1',
      ...day.split('-'),
      `111122223333_CloudTrail_us-east-1_${stamp}Z_${chance.hex(16)}.json.gz`,
    );
    const text = Buffer.from(`{"Records":[${part.join(',')}]}`);
    const packed = gzipSync(text, { level: 6 });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, packed);
    made.files.push(path);
    made.stored += packed.length;
    made.text += text.length;
    [part, size] = [[], 500 + chance.below(1500)];
    if (made.files.length % 50 === 0)
      progress(`  made ${made.events.toLocaleString('en-US')} of ${events.toLocaleString('en-US')} events`);
  };
  while (made.events < events) {
    const time = START + Math.floor((made.events / events) * DAYS * 86_400_000);
    const records = chance.next() < 1 / 5000 ? maker.attack(time) : [maker.routine(time)];
    for (const record of records.slice(0, events - made.events)) {
      part.push(JSON.stringify(record));
      made.events += 1;
      if (part.length >= size) write(time);
    }
  }
  write(START + DAYS * 86_400_000);
  made.files.sort();
  writeFileSync(list, JSON.stringify(made));
  return made;
}
