import * as z from 'zod';
import type { KnownTrail } from '../playbooks/detection.ts';
import { choices, defaultOptions, findingBands, loginSuccesses, type Options, switches } from '../playbooks/options.ts';
import { type PackId, packIds } from '../playbooks/packs.ts';
import { defaultQuestionTimes, type QuestionTimes, questionTimes } from '../playbooks/question-times.ts';
import { modes } from '../playbooks/response.ts';
import type { FlowLogSettings } from './flow-logs.ts';
import { fromText, type GuardSettings, guardFields, pairs } from './guard-settings.ts';

const list = z
  .union([z.string(), z.array(z.string())])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((one) => one.trim()).filter(Boolean),
  );

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html#API_CreateSecret_RequestParameters */
const secret = z
  .string()
  .regex(
    /^(arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:)?[\w/+=.@-]{1,512}$/,
    'must be the name or ARN of a secret',
  );

const addresses = list.pipe(z.array(z.email('must be e-mail addresses, separated by commas'))).default([]);

const schema = z.object({
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,20}$/, 'must be 2 to 21 lower-case letters, digits and hyphens')
    .default('cordon'),
  mail: addresses,
  escalation: addresses,
  auditMail: addresses,
  packs: list
    .pipe(z.array(z.enum(packIds)))
    .transform((given) => [...new Set(given)])
    .default([]),
  questions: z.preprocess((value) => pairs(fromText(value)), questionTimes).default(defaultQuestionTimes),
  protected: list.pipe(z.array(z.string().startsWith('arn:', 'must be ARN patterns'))).default([]),
  ...guardFields,
  loginSuccess: z.enum(loginSuccesses).default(defaultOptions.loginSuccess),
  denyAddresses: z.enum(choices).default(defaultOptions.denyAddresses),
  newPassword: z.enum(choices).default(defaultOptions.newPassword),
  disableGiver: z.enum(choices).default(defaultOptions.disableGiver),
  removePublicAccess: z.enum(choices).default(defaultOptions.removePublicAccess),
  findingModes: z
    .preprocess((value) => pairs(fromText(value)), z.partialRecord(z.enum(findingBands), z.enum(modes)))
    .transform((given) => ({ ...defaultOptions.findingModes, ...given }))
    .default(defaultOptions.findingModes),
  guarddutyDetector: z.union([z.boolean(), z.stringbool()]).default(false),
  isolationSnapshots: z.enum(switches).default(defaultOptions.isolationSnapshots),
  organizationRole: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, 'must be the ARN of a role in the management account')
    .optional(),
  runbooks: z
    .url({ protocol: /^https$/, error: 'must be an https address' })
    .max(300)
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  slack: secret.optional(),
  pagerduty: secret.optional(),
  pagerdutyUrl: z.url('must be an address').default('https://events.pagerduty.com/v2/enqueue'),
  flowLogs: list.pipe(z.array(z.string()).min(1, 'must name VPCs or a log group')).optional(),
  logGroup: z.string().min(1).optional(),
  trailBucket: z.string().min(1).optional(),
  trailRole: z
    .string()
    .regex(/^[\w+=,.@-]+$/, 'must be the name of a role, without its path')
    .optional(),
  trailKey: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'must be the ARN of a key')
    .optional(),
  boundary: z.string().min(1).optional(),
  local: z.union([z.boolean(), z.stringbool()]).default(false),
});

const isVpc = (name: string): boolean => /^vpc-[0-9a-f]+$/.test(name);

/** EventBridge sends over TLS only; receivers on the local AWS have none. */
const checked = schema
  .refine(({ pagerdutyUrl, local }) => local || pagerdutyUrl.startsWith('https://'), {
    path: ['pagerdutyUrl'],
    error: 'must begin with https://',
  })
  .refine(({ flowLogs = [] }) => flowLogs.length <= 1 || flowLogs.every(isVpc), {
    path: ['flowLogs'],
    error: 'must be ids of VPCs, or the name of one log group',
  })
  .refine(({ flowLogs, packs }) => flowLogs !== undefined || !packs.includes('flows'), {
    path: ['packs'],
    error:
      'the pack flows takes the setting flowLogs: ids of VPCs, or the name of the log group that has their flow logs',
  });

/** That flow logs are named switches on what reads them. */
function flowSettings({ flowLogs, packs }: z.infer<typeof schema>): Pick<Settings, 'packs' | 'flowLogs'> {
  if (!flowLogs) return { packs };
  const [logGroup = ''] = flowLogs;
  return {
    packs: [...new Set<PackId>([...packs, 'flows'])],
    flowLogs: flowLogs.every(isVpc) ? { vpcs: [...new Set(flowLogs)] } : { logGroup },
  };
}

/** What a deployment can be told, as CDK context: `-c mail=soc@example.com -c protected=arn:aws:iam::*:role/break-glass`. */
export interface Settings {
  /** The first part of every resource's name. */
  prefix: string;
  /** Who gets the mails. */
  mail: string[];
  /** Who is told of what nobody answers; those of `mail` unless told. */
  escalation: string[];
  /** Who gets the alerts of alarms whose detections yield to others; those of `mail` unless told. */
  auditMail: string[];
  /** The packs of detections that are deployed, besides those of no pack. */
  packs: PackId[];
  /** Where the flow logs come from that the pack `flows` reads. */
  flowLogs?: FlowLogSettings;
  /** How long questions to analysts wait. */
  questions: QuestionTimes;
  /** ARN patterns of principals that are never contained automatically. */
  protectedPrincipals: string[];
  guard: GuardSettings;
  /** What the deployment decides for the responses. */
  options: Options;
  /** Where incidents are told besides mail: names or ARNs of the secrets with Slack's webhook and PagerDuty's routing key. */
  messages: { slack?: string; pagerduty?: string; pagerdutyUrl: string };
  /** The log group of a trail that the account already has; without it cordon deploys a trail of its own. */
  existingLogGroup?: string;
  /** Where the runbooks can be read, without a slash at the end: mails and alarms link there. */
  runbooks?: string;
  /** Names of the existing trail's bucket and delivery role, and the ARN of the key of either trail, as far as they are to be watched. */
  trailParts: Omit<KnownTrail, 'logGroup'>;
  /** Name of the managed policy that every role carries as its permissions boundary. */
  boundary?: string;
  /** Switches GuardDuty on in this account and Region, by a detector of the deployment's own. */
  guarddutyDetector: boolean;
  /** Leaves out what the local AWS's CloudFormation refuses. */
  local: boolean;
}

/** Settings that make no sense; says which and why. */
export class InvalidSettings extends Error {
  override readonly name = 'InvalidSettings';
}

/** Reads the settings from CDK context. @throws {InvalidSettings} */
export function readSettings(context: (key: string) => unknown): Settings {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((key) => [key, context(key)])
      .filter(([, value]) => value !== undefined),
  );
  const { data, error } = checked.safeParse(given);
  if (error) throw new InvalidSettings(`The settings given with -c are not usable.\n${z.prettifyError(error)}`);
  return {
    prefix: data.prefix,
    mail: data.mail,
    escalation: data.escalation,
    auditMail: data.auditMail,
    ...flowSettings(data),
    questions: data.questions,
    protectedPrincipals: data.protected,
    guard: { mode: data.mode, detectionModes: data.modes, cap: data.cap, suppressions: data.suppressions },
    options: {
      loginSuccess: data.loginSuccess,
      denyAddresses: data.denyAddresses,
      newPassword: data.newPassword,
      removePublicAccess: data.removePublicAccess,
      disableGiver: data.disableGiver,
      findingModes: data.findingModes,
      isolationSnapshots: data.isolationSnapshots,
      ...(data.organizationRole ? { organizationRole: data.organizationRole } : {}),
    },
    messages: {
      ...(data.slack ? { slack: data.slack } : {}),
      ...(data.pagerduty ? { pagerduty: data.pagerduty } : {}),
      pagerdutyUrl: data.pagerdutyUrl,
    },
    ...(data.logGroup ? { existingLogGroup: data.logGroup } : {}),
    ...(data.runbooks ? { runbooks: data.runbooks } : {}),
    trailParts: {
      ...(data.trailBucket ? { bucket: data.trailBucket } : {}),
      ...(data.trailRole ? { role: data.trailRole } : {}),
      ...(data.trailKey ? { key: data.trailKey } : {}),
    },
    ...(data.boundary ? { boundary: data.boundary } : {}),
    guarddutyDetector: data.guarddutyDetector,
    local: data.local,
  };
}
