import { createHash } from 'node:crypto';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { detectionOf } from '../../playbooks/catalog.ts';
import type { Difference } from '../../playbooks/difference.ts';
import { mailOf } from '../../playbooks/report/mail.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import type { LastLook, Seen } from '../incidents/looks.ts';
import { checkDeployedPermissions } from '../installation/declared.ts';
import { allow, useLedger } from '../permissions.ts';
import { machineArn } from '../questions/wait.ts';
import type { LookEvent } from '../starting-event.ts';
import { stepHandler } from '../step.ts';
import { readPipelinePermissions } from '../trails/read-pipeline.ts';
import { readTrailPermissions } from '../trails/read-trail.ts';
import { type Look, lookAtAll } from '../watchdog/look.ts';
import { newsOf } from '../watchdog/news.ts';

const input = z.looseObject({});

/** What a look came to. */
export interface Watched {
  /** Everything that is not as it should be, in words. */
  different: string[];
  /** The executions that were started for what is new of it. */
  started: string[];
  /** What could not be looked at. */
  unlooked: string[];
}

/** What the log says after each look that saw everything: a metric filter counts it, and an alarm misses it. */
export const LOOKED = 'the watchdog has seen everything';
/** So many differences are one incident at most; the others are the next look's. */
const MOST = 25;
/** Before the first look nobody knows when something was well: so far back, in ms, calls are looked for. */
const FIRST_LOOK_MS = 24 * 60 * 60_000;
/** Hours after which it is mailed again that something cannot be looked at. */
const REMIND_MS = 24 * 60 * 60_000;

/**
 * Reads the state itself, of the trails and what they deliver through, of the account's public access block and of cordon,
 * and opens the incident that nobody has reported, by starting the playbook that an alarm would have started. What cannot be
 * looked at is mailed.
 */
export async function watch(_input: z.infer<typeof input>, context: Context): Promise<Watched> {
  const { ledger, log } = context;
  const began = context.now().toISOString();
  const last = await ledger.looks.all();
  const { differences, unlooked } = await lookAtAll(last.block, context);
  const started: string[] = [];
  for (const [detection, found] of differences) {
    const news = await newsOf(detection, found, began, last, context);
    for (const covered of news.covered) await ledger.looks.keepSeen(covered);
    const told = news.differences.slice(0, MOST);
    if (told.length === 0) continue;
    started.push(await start(detection, told, began, last, context));
    for (const seen of news.seen.slice(0, MOST)) await ledger.looks.keepSeen(seen);
  }
  await sayUnlooked(unlooked, last.seen, context);
  const all = [...differences.values()].flat();
  // What could not be looked at may be as it was: nothing is gone then.
  if (unlooked.length === 0) {
    await keepGone(all, last.seen, began, context);
    await ledger.looks.keepLast(began);
    log.info(LOOKED, { different: all.length, started: started.length });
  }
  return {
    different: all.map(({ words }) => words),
    started,
    unlooked: unlooked.map(({ what, error }) => `${what}: ${error}`),
  };
}

/** Starts the playbook, once for each look: Step Functions takes an execution's name only once. */
async function start(
  detection: string,
  differences: Difference[],
  at: string,
  last: Pick<LastLook, 'seen'> & { at?: string },
  context: Context,
): Promise<string> {
  const { account, region } = context.environment;
  const since = last.at ?? new Date(Date.parse(at) - FIRST_LOOK_MS).toISOString();
  const rounds = differences.map(({ key }) => `${key} ${last.seen.get(key)?.toldAt ?? ''}`);
  const identity = createHash('sha256')
    .update([detection, since, ...rounds].join('|'))
    .digest('hex')
    .slice(0, 16);
  const event: LookEvent = {
    ...{ lane: 'watchdog', detection, account, region, at, since, identity, differences },
  };
  const stateMachineArn = machineArn(detectionOf(detection).response, context);
  const name = `watchdog-${detection.slice(0, 40)}-${identity}`;
  context.log.warn('the watchdog found what nobody had reported', {
    ...{ detection, execution: name, differences: differences.map(({ words }) => words) },
  });
  try {
    const { executionArn = name } = await context
      .client(SFNClient)
      .send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(event) }));
    return executionArn;
  } catch (error) {
    // Another look, at the same time, was faster.
    if (errorName(error) !== 'ExecutionAlreadyExists') throw error;
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}

/** What was told of and is as it should be again: should it be different once more, that is news. */
async function keepGone(
  found: readonly Difference[],
  seen: ReadonlyMap<string, Seen>,
  at: string,
  { ledger }: Context,
): Promise<void> {
  const keys = new Set(found.map(({ key }) => key));
  for (const one of seen.values()) {
    if (one.gone === undefined && !keys.has(one.key)) await ledger.looks.keepSeen({ ...one, gone: at });
  }
}

/** Mails what could not be looked at, once a day: silence would look like calm. */
async function sayUnlooked(
  unlooked: Look['unlooked'],
  seen: ReadonlyMap<string, Seen>,
  context: Context,
): Promise<void> {
  const { environment, ledger, now } = context;
  const at = now();
  const fresh = unlooked.filter(({ what }) => {
    const known = seen.get(unlookedKey(what));
    return !known || known.gone !== undefined || at.getTime() - Date.parse(known.toldAt) >= REMIND_MS;
  });
  if (fresh.length === 0) return;
  const mail = mailOf({
    subject: [
      '[cordon] The watchdog COULD NOT LOOK at ',
      fresh.map(({ what }) => what).join(', '),
      `, ${environment.account}`,
    ],
    head: [
      'The watchdog, which reads the state itself, could not look at everything.',
      'Whatever is changed there is noticed by alarms and events only, until it can.',
      '',
      `Account   ${environment.account}, ${environment.region}`,
    ],
    sections: [
      { heading: 'Not looked at', lines: fresh.map(({ what, error }) => `${what}: ${error}`) },
      {
        heading: 'For you to do',
        lines: [
          'See what refuses it: npx cordon doctor',
          `Let it look again: aws lambda invoke --function-name ${environment.prefix}-watchdog --payload '{}' /dev/stdout`,
        ],
      },
    ],
  });
  await context
    .client(SNSClient)
    .send(new PublishCommand({ TopicArn: environment.topic, Subject: mail.subject, Message: mail.text }));
  for (const { what } of fresh) {
    const told = (seen.get(unlookedKey(what))?.told ?? 0) + 1;
    await ledger.looks.keepSeen({ key: unlookedKey(what), told, toldAt: at.toISOString() });
  }
}

const unlookedKey = (what: string): string => `not looked at: ${what}`;

/** The playbooks that it may start. */
const playbooks = ['restore-trail', 'restore-trail-pipeline', 'close-bucket', 'restore-soc'].map(
  (name) => `arn:{partition}:states:{region}:{account}:stateMachine:{prefix}-${name}`,
);

export const permissions = [
  useLedger,
  allow(['dynamodb:Query'], '{table}/index/by-time'),
  allow(['states:StartExecution'], ...playbooks),
  allow(['sns:Publish'], '{topic}'),
  allow(['s3:GetAccountPublicAccessBlock'], '*'),
  ...readTrailPermissions,
  ...readPipelinePermissions,
  ...checkDeployedPermissions,
];
export const handler = stepHandler(input, watch);
