import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { KnownTrail } from '../playbooks/detection.ts';
import { choices, defaultOptions, findingBands, loginSuccesses, type Options, switches } from '../playbooks/options.ts';
import { type PackId, packIds } from '../playbooks/packs.ts';
import { type QuestionTimes, questionTimes } from '../playbooks/question-times.ts';
import { type Mode, modes } from '../playbooks/response.ts';
import { type Suppression, suppressionSchema } from '../playbooks/suppression.ts';
import { InvalidInput } from './errors.ts';

const json = (what: string) =>
  z.string().transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue(`must be a JSON ${what}`);
      return z.NEVER;
    }
  });

const list = json('list').pipe(z.array(z.string()));

const options: z.ZodType<Options, string> = json('object').pipe(
  z.object({
    loginSuccess: z.enum(loginSuccesses),
    denyAddresses: z.enum(choices),
    newPassword: z.enum(choices),
    removePublicAccess: z.enum(choices),
    disableGiver: z.enum(choices),
    // Every function's template has it where it is not the default.
    findingModes: z.record(z.enum(findingBands), z.enum(modes)).default(defaultOptions.findingModes),
    isolationSnapshots: z.enum(switches),
    organizationRole: z.string().startsWith('arn:').optional(),
  }),
);

const trailParts = z.object({
  bucket: z.string().optional(),
  role: z.string().optional(),
  key: z.string().optional(),
});

const schema = z.object({
  CORDON_ACCOUNT: z.string().regex(/^\d{12}$/),
  CORDON_PREFIX: z.string().min(1),
  CORDON_TABLE: z.string().min(1),
  CORDON_TOPIC: z.string().min(1),
  CORDON_ESCALATION_TOPIC: z.string().min(1),
  CORDON_BUS: z.string().min(1),
  CORDON_EVIDENCE: z.string().min(1),
  CORDON_LOG_GROUP: z.string().min(1),
  CORDON_FLOW_LOG_GROUP: z.string().min(1).optional(),
  CORDON_TRAIL_PARTS: json('object').pipe(trailParts),
  CORDON_PACKS: list.pipe(z.array(z.enum(packIds))),
  CORDON_OWN_ROLES: list,
  CORDON_PROTECTED: list,
  CORDON_MODE: z.enum(modes),
  CORDON_MODES: json('object').pipe(z.record(z.string(), z.enum(modes))),
  CORDON_CAP: z.string().regex(/^\d+$/, 'must be a whole number').transform(Number),
  CORDON_OPTIONS: options,
  CORDON_QUESTIONS: json('object').pipe(questionTimes),
  CORDON_RUNBOOKS: z.url().optional(),
  AWS_REGION: z.string().min(1),
});

/** What the deployment tells every function. */
export interface Environment {
  account: string;
  region: string;
  /** The first part of every resource's name: `cordon`. */
  prefix: string;
  /** Name of the ledger's table. */
  table: string;
  /** ARN of the topic of the mails. */
  topic: string;
  /** ARN of the topic that unanswered questions are escalated to. */
  escalationTopic: string;
  /** Name of the event bus that changes of incidents go onto. */
  bus: string;
  /** Name of the evidence bucket. */
  evidence: string;
  /** Name of the log group that the trail delivers to. */
  logGroup: string;
  /** Name of the log group with the flow logs, where there are such detections. */
  flowLogGroup?: string;
  /** What else the trail delivers through, as far as the deployment knows. */
  trailParts: Omit<KnownTrail, 'logGroup'>;
  /** The packs of detections that are deployed. */
  packs: PackId[];
  /** Names of the playbooks' own roles, whose calls are never offences. */
  ownRoles: string[];
  /** ARN patterns, `*` for anything, of principals that are never contained automatically. */
  protectedPrincipals: string[];
  /** How far any action goes by itself at most. */
  mode: Mode;
  /** The same for single detections, by their ids. */
  detectionModes: Readonly<Record<string, Mode>>;
  /** How many automatic actions on principals there may be within an hour. */
  cap: number;
  /** Records that somebody answers for; only the function that collects has them. */
  suppressions: readonly Suppression[];
  /** What the deployment decided for the responses. */
  options: Options;
  /** How long questions wait. */
  questions: QuestionTimes;
  /** Where the runbooks can be read. */
  runbooks?: string;
}

/**
 * The names of cordon's own roles: bundling writes them in this place. There are so many that they alone would take most of
 * the 4 KB that a function's variables share.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const OWN_ROLES = process.env.CORDON_OWN_ROLES;

/** Reads the environment. @throws {InvalidInput} naming every variable that is missing or wrong */
export function readEnvironment(
  variables: NodeJS.ProcessEnv = { ...process.env, CORDON_OWN_ROLES: OWN_ROLES },
  suppressionsFile: string = join(process.env.LAMBDA_TASK_ROOT ?? '', SUPPRESSIONS_FILE),
): Environment {
  const { data, error } = schema.safeParse(variables);
  if (error) throw new InvalidInput(`The function's environment is not usable. ${z.prettifyError(error)}`);
  return {
    account: data.CORDON_ACCOUNT,
    region: data.AWS_REGION,
    prefix: data.CORDON_PREFIX,
    table: data.CORDON_TABLE,
    topic: data.CORDON_TOPIC,
    escalationTopic: data.CORDON_ESCALATION_TOPIC,
    bus: data.CORDON_BUS,
    evidence: data.CORDON_EVIDENCE,
    logGroup: data.CORDON_LOG_GROUP,
    ...(data.CORDON_FLOW_LOG_GROUP ? { flowLogGroup: data.CORDON_FLOW_LOG_GROUP } : {}),
    trailParts: data.CORDON_TRAIL_PARTS,
    packs: data.CORDON_PACKS,
    ownRoles: data.CORDON_OWN_ROLES,
    protectedPrincipals: data.CORDON_PROTECTED,
    mode: data.CORDON_MODE,
    detectionModes: data.CORDON_MODES,
    cap: data.CORDON_CAP,
    suppressions: readSuppressions(suppressionsFile),
    options: data.CORDON_OPTIONS,
    questions: data.CORDON_QUESTIONS,
    ...(data.CORDON_RUNBOOKS ? { runbooks: data.CORDON_RUNBOOKS } : {}),
  };
}

/**
 * Where the suppressions stand, in the folder of the function's code: they may outgrow the 4 KB that all variables share.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export const SUPPRESSIONS_FILE = 'suppressions.json';

function readSuppressions(file: string): Suppression[] {
  if (!existsSync(file)) return [];
  const { data, error } = z.array(suppressionSchema).safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (error) throw new InvalidInput(`The suppressions beside the function are not usable. ${z.prettifyError(error)}`);
  return data;
}
