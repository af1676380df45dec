import { PutEventsCommand } from '@aws-sdk/client-eventbridge';

// biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own shape
type Input = Record<string, any>;
type Answer = Record<string, unknown>;
type Block = Record<string, boolean>;

/** A user of {@link FakeAccount}. */
export interface FakeUser {
  keys: { id: string; status: string }[];
  policies: Record<string, string>;
  tags: Record<string, string>;
}

/** A bucket of {@link FakeAccount}. */
export interface FakeBucket {
  block?: Block | undefined;
  policy?: string;
  grants?: { Grantee: { URI?: string; ID?: string }; Permission: string }[];
  ownership?: string;
  objects?: number[];
  tags?: Record<string, string>;
}

/** An access point of {@link FakeAccount}; its name is its key. */
export interface FakeAccessPoint {
  bucket: string;
  policy?: string | undefined;
  block?: Block;
  vpcOnly?: boolean;
}

/** An error as the SDK throws it: told apart by its name. */
export const refusal = (name: string, message = name): Error => Object.assign(new Error(message), { name });

/**
 * As much of an AWS account as the steps call, in memory: users, buckets, trails, alarms, the trail's log group, the topic.
 * Every call is written down; one that it does not know is refused loudly.
 */
export class FakeAccount {
  readonly calls: { operation: string; region: string | undefined; input: Record<string, unknown> }[] = [];
  readonly users: Record<string, FakeUser> = {};
  readonly buckets: Record<string, FakeBucket> = {};
  readonly accessPoints: Record<string, FakeAccessPoint> = {};
  readonly trails: Record<string, { logging: boolean; startedAt?: Date; stoppedAt?: Date }> = {};
  readonly alarms: Record<string, string> = {};
  /** When they changed their states last. */
  alarmsChangedAt: Date | undefined;
  /** Tags of roles, by the roles' names. */
  readonly roleTags: Record<string, Record<string, string>> = {};
  /** CloudFormation's stacks, by their names. */
  readonly stacks: Record<string, { StackStatus: string; LastUpdatedTime?: Date; RoleARN?: string }> = {};
  readonly kept: Record<string, string> = {};
  /** Executions of state machines, by their ARNs, and the tokens that something waits on. */
  readonly executions: Record<string, { status: string; input: string }> = {};
  readonly tokens = new Set<string>();
  readonly mails: { subject: string; text: string }[] = [];
  /** What was put onto the event bus: publishing is no call that changes or reads the account. */
  readonly announced: { type: string; detail: Record<string, unknown>; bus: string; source: string }[] = [];
  /** What the event bus answers: throw in it, or refuse single entries. */
  putEvents: (entries: Input[], signal: AbortSignal | undefined) => Answer | Promise<Answer> = () => ({});
  accountBlock: Block | undefined;
  /** What event history has, as messages. */
  history: string[] = [];
  /** The log group's messages. */
  logs: string[] = [];
  now = new Date('2026-05-01T03:05:00Z');
  /** Called before every call: throw in it to refuse one. */
  before: (operation: string) => void = () => undefined;

  /** In the place of the source of clients. */
  readonly client = <C>(_type: unknown, region?: string): C =>
    ({
      send: (command: object, options?: { abortSignal?: AbortSignal }) =>
        command instanceof PutEventsCommand
          ? this.#putEvents(command.input.Entries ?? [], options?.abortSignal)
          : this.#send(command, region),
    }) as C;

  /** The operations that were called, in order. */
  get operations(): string[] {
    return this.calls.map((call) => call.operation);
  }

  async #putEvents(entries: Input[], signal: AbortSignal | undefined): Promise<Answer> {
    const answer = await this.putEvents(entries, signal);
    const results = (answer.Entries ?? []) as { ErrorCode?: string }[];
    for (const [at, { DetailType, Detail, EventBusName, Source }] of entries.entries()) {
      if (results[at]?.ErrorCode) continue;
      this.announced.push({ type: DetailType, detail: JSON.parse(Detail), bus: EventBusName, source: Source });
    }
    return answer;
  }

  async #send(command: object, region: string | undefined): Promise<Answer> {
    const { input } = command as { input: Input };
    const operation = command.constructor.name.replace(/Command$/, '');
    this.calls.push({ operation, region, input });
    this.before(operation);
    const answer = { ...this.#iam, ...this.#s3, ...this.#others }[operation];
    if (!answer) throw new TypeError(`The fake account has no ${operation}.`);
    return answer(input);
  }

  readonly #user = (name: string): FakeUser => {
    const found = this.users[name];
    if (!found) throw refusal('NoSuchEntityException', `The user with name ${name} cannot be found.`);
    return found;
  };

  readonly #bucket = (name: string): FakeBucket => {
    const found = this.buckets[name];
    if (!found) throw refusal('NoSuchBucket', 'The specified bucket does not exist');
    return found;
  };

  readonly #accessPoint = (name: string): FakeAccessPoint => {
    const found = this.accessPoints[name];
    if (!found) throw refusal('NoSuchAccessPoint', 'The specified accesspoint does not exist');
    return found;
  };

  readonly #trail = (name: string) => {
    const found = this.trails[name];
    if (!found) throw refusal('TrailNotFoundException', `Unknown trail: ${name}`);
    return found;
  };

  readonly #iam: Record<string, (input: Input) => Answer> = {
    ListAccessKeys: ({ UserName }) => ({
      AccessKeyMetadata: this.#user(UserName).keys.map(({ id, status }) => ({ AccessKeyId: id, Status: status })),
    }),
    UpdateAccessKey: ({ UserName, AccessKeyId, Status }) => {
      for (const key of this.#user(UserName).keys) if (key.id === AccessKeyId) key.status = Status;
      return {};
    },
    GetUserPolicy: ({ UserName, PolicyName }) => {
      const document = this.#user(UserName).policies[PolicyName];
      if (document === undefined) throw refusal('NoSuchEntityException');
      return { PolicyDocument: encodeURIComponent(document) };
    },
    PutUserPolicy: ({ UserName, PolicyName, PolicyDocument }) => {
      this.#user(UserName).policies[PolicyName] = PolicyDocument;
      return {};
    },
    DeleteUserPolicy: ({ UserName, PolicyName }) => {
      delete this.#user(UserName).policies[PolicyName];
      return {};
    },
    ListUserTags: ({ UserName }) => ({
      Tags: Object.entries(this.#user(UserName).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
    ListRoleTags: ({ RoleName }) => {
      const tags = this.roleTags[RoleName];
      if (!tags) throw refusal('NoSuchEntityException', `The role with name ${RoleName} cannot be found.`);
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
    TagUser: ({ UserName, Tags }) => {
      for (const { Key, Value } of Tags as { Key: string; Value: string }[]) this.#user(UserName).tags[Key] = Value;
      return {};
    },
    UntagUser: ({ UserName, TagKeys }) => {
      for (const key of TagKeys as string[]) delete this.#user(UserName).tags[key];
      return {};
    },
  };

  // The bucket's and the account's block have commands of the same name: the account's have an AccountId.
  readonly #s3: Record<string, (input: Input) => Answer> = {
    GetPublicAccessBlock: ({ Bucket, AccountId }) => {
      const block = AccountId ? this.accountBlock : this.#bucket(Bucket).block;
      if (!block) throw refusal('NoSuchPublicAccessBlockConfiguration');
      return { PublicAccessBlockConfiguration: { ...block } };
    },
    PutPublicAccessBlock: ({ Bucket, AccountId, PublicAccessBlockConfiguration }) => {
      if (AccountId) this.accountBlock = PublicAccessBlockConfiguration;
      else this.#bucket(Bucket).block = PublicAccessBlockConfiguration;
      return {};
    },
    DeletePublicAccessBlock: ({ Bucket, AccountId }) => {
      if (AccountId) this.accountBlock = undefined;
      else this.#bucket(Bucket).block = undefined;
      return {};
    },
    GetBucketPolicy: ({ Bucket }) => {
      const { policy } = this.#bucket(Bucket);
      if (policy === undefined) throw refusal('NoSuchBucketPolicy');
      return { Policy: policy };
    },
    // With IgnorePublicAcls, S3 shows the ACL that it enforces: without the public grants.
    GetBucketAcl: ({ Bucket }) => {
      const { grants = [], block } = this.#bucket(Bucket);
      return { Grants: block?.IgnorePublicAcls ? grants.filter((grant) => !grant.Grantee.URI) : grants };
    },
    GetBucketOwnershipControls: ({ Bucket }) => {
      const { ownership } = this.#bucket(Bucket);
      if (!ownership) throw refusal('OwnershipControlsNotFoundError');
      return { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } };
    },
    PutBucketPolicy: ({ Bucket, Policy }) => {
      const bucket = this.#bucket(Bucket);
      if (bucket.block?.BlockPublicPolicy && Policy.includes('"*"')) throw refusal('AccessDenied');
      bucket.policy = Policy;
      return {};
    },
    DeleteBucketPolicy: ({ Bucket }) => {
      delete this.#bucket(Bucket).policy;
      return {};
    },
    PutBucketAcl: ({ Bucket, AccessControlPolicy }) => {
      this.#bucket(Bucket).grants = AccessControlPolicy.Grants;
      return {};
    },
    GetBucketTagging: ({ Bucket }) => {
      const { tags } = this.#bucket(Bucket);
      if (!tags) throw refusal('NoSuchTagSet');
      return { TagSet: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
    ListAccessPoints: ({ Bucket }) => ({
      AccessPointList: Object.entries(this.accessPoints)
        .filter(([, point]) => point.bucket === Bucket)
        .map(([Name]) => ({ Name, Bucket })),
    }),
    GetAccessPoint: ({ Name }) => {
      const { bucket, block, vpcOnly } = this.#accessPoint(Name);
      return {
        ...{ Name, Bucket: bucket, NetworkOrigin: vpcOnly ? 'VPC' : 'Internet' },
        ...(block ? { PublicAccessBlockConfiguration: block } : {}),
      };
    },
    GetAccessPointPolicy: ({ Name }) => {
      const { policy } = this.#accessPoint(Name);
      if (policy === undefined) throw refusal('NoSuchAccessPointPolicy');
      return { Policy: policy };
    },
    PutAccessPointPolicy: ({ Name, Policy }) => {
      this.#accessPoint(Name).policy = Policy;
      return {};
    },
    DeleteAccessPointPolicy: ({ Name }) => {
      this.#accessPoint(Name).policy = undefined;
      return {};
    },
    ListObjectsV2: ({ Bucket, ContinuationToken }) => {
      const sizes = this.#bucket(Bucket).objects ?? [];
      const from = Number(ContinuationToken ?? 0);
      const next = from + 1000 < sizes.length ? { NextContinuationToken: String(from + 1000) } : {};
      return { Contents: sizes.slice(from, from + 1000).map((Size) => ({ Size })), ...next };
    },
    PutObject: ({ Key, Body }) => {
      this.kept[Key] = Body;
      return {};
    },
  };

  readonly #others: Record<string, (input: Input) => Answer> = {
    StartExecution: ({ stateMachineArn, name, input }) => {
      const unique = name ?? `run-${Object.keys(this.executions).length}`;
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${unique}`;
      if (this.executions[executionArn]) throw refusal('ExecutionAlreadyExists');
      this.executions[executionArn] = { status: 'RUNNING', input };
      return { executionArn };
    },
    DescribeExecution: ({ executionArn }) => {
      const found = this.executions[executionArn];
      if (!found) throw refusal('ExecutionDoesNotExist');
      return { ...found };
    },
    SendTaskSuccess: ({ taskToken }) => {
      if (!this.tokens.delete(taskToken)) throw refusal('TaskTimedOut', 'Task Timed Out');
      return {};
    },
    GetTrailStatus: ({ Name }) => {
      const { logging, startedAt, stoppedAt } = this.#trail(Name);
      return { IsLogging: logging, StartLoggingTime: startedAt, StopLoggingTime: stoppedAt };
    },
    StartLogging: ({ Name }) => {
      Object.assign(this.#trail(Name), { logging: true, startedAt: this.now });
      return {};
    },
    StopLogging: ({ Name }) => {
      Object.assign(this.#trail(Name), { logging: false, stoppedAt: this.now });
      return {};
    },
    DescribeStacks: ({ StackName }) => {
      const stack = this.stacks[StackName];
      if (!stack) throw refusal('ValidationError', `Stack with id ${StackName} does not exist`);
      return { Stacks: [{ StackName, ...stack }] };
    },
    LookupEvents: () => ({ Events: this.history.map((CloudTrailEvent) => ({ CloudTrailEvent })) }),
    DescribeAlarms: ({ AlarmNames }) => ({
      MetricAlarms: (AlarmNames as string[])
        .filter((name) => name in this.alarms)
        .map((name) => ({
          AlarmName: name,
          StateValue: this.alarms[name],
          StateUpdatedTimestamp: this.alarmsChangedAt,
        })),
    }),
    TagResource: () => ({}),
    // CloudWatch Logs hands over what the pattern lets through; here everything, one event a page: the predicate must do.
    FilterLogEvents: ({ nextToken }) => {
      const place = Number(nextToken ?? 0);
      const message = this.logs[place];
      return {
        events: message === undefined ? [] : [{ message, eventId: String(place), ingestionTime: this.now.getTime() }],
        ...(place + 1 < this.logs.length ? { nextToken: String(place + 1) } : {}),
      };
    },
    Publish: ({ Subject, Message }) => {
      this.mails.push({ subject: Subject, text: Message });
      return { MessageId: String(this.mails.length) };
    },
  };
}
