import { finalErrors } from '../handlers/errors.ts';
import { type DetailType, sourceOf } from '../playbooks/messages/events.ts';
import * as playbookFailed from '../playbooks/messages/playbook-failed.ts';
import type { Response } from '../playbooks/response.ts';
import { containUnit, investigateUnit } from './units.ts';

/** A state machine in Amazon States Language. https://states-language.net/ */
export interface StateMachine {
  Comment: string;
  QueryLanguage: 'JSONata';
  StartAt: string;
  States: Record<string, State>;
}
export type State = Record<string, unknown> & { Type: string };

/** Gives the ARN of a unit's function. */
export type FunctionArn = (unit: string) => string;

/** Where a machine tells of its failure by itself: ARN of the topic of the mails, name of the event bus. */
export interface Channels {
  topic: string;
  bus: string;
  prefix: string;
  /** Where the runbooks can be read. */
  runbooks?: string;
}

/** A JSONata expression as a state takes it. */
export const expression = (text: string): string => `{% ${text} %}`;

/** A call of a unit's function that is tried again where that can help. */
export function invoke(arn: string, payload: unknown, rest: Record<string, unknown>): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: arn, Payload: payload },
    Output: expression('$states.result.Payload'),
    TimeoutSeconds: 320,
    Retry: [
      { ErrorEquals: [...finalErrors], MaxAttempts: 0 },
      { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 4, BackoffRate: 2, JitterStrategy: 'FULL' },
    ],
    ...rest,
  };
}

/** A mail that Step Functions itself sends, where no function can be relied on. */
export function publish(
  topic: string,
  subject: string,
  message: string,
  next: string,
  rest: Record<string, unknown> = {},
): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::sns:publish',
    Arguments: { TopicArn: topic, Subject: subject, Message: message },
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2 }],
    Next: next,
    ...rest,
  };
}

const incident = { incidentId: expression('$incidentId') };

/** Hands any failure on to a state, as its input. */
export const caughtBy = (next: string) => [
  { ErrorEquals: ['States.ALL'], Output: expression('$states.errorOutput'), Next: next },
];

/**
 * The playbook of a response: claim, collect, restore, investigate, contain, summarize, settle. A step that fails for good
 * is written down and the rest goes on; if that is impossible too, Step Functions mails it itself and the execution fails.
 */
export function playbookDefinition(id: string, response: Response, arn: FunctionArn, channels: Channels): StateMachine {
  const failure = (step: string, next: string): State => ({
    ...recordFailure(arn, { step }, next),
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Mail that the playbook failed' }],
  });
  return {
    Comment: response.title,
    QueryLanguage: 'JSONata',
    StartAt: 'Claim',
    States: {
      Claim: invoke(
        arn('claim'),
        {
          execution: expression('$states.context.Execution.Id'),
          startedAt: expression('$states.context.Execution.StartTime'),
          event: expression('$states.context.Execution.Input'),
        },
        {
          Assign: {
            incidentId: expression('$states.result.Payload.incidentId'),
            round: 0,
            looks: 0,
            empty: 0,
            quiet: false,
            waitSeconds: 30,
          },
          Next: 'New?',
          Catch: [
            {
              ErrorEquals: ['States.ALL'],
              Assign: { incidentId: 'none: it could not be opened' },
              Output: expression('$states.errorOutput'),
              Next: 'Mail that the playbook failed',
            },
          ],
        },
      ),
      'New?': {
        Type: 'Choice',
        Choices: [
          {
            Comment: 'an incident that is open takes the record',
            Condition: expression('$states.input.proceed and $states.input.after > 0'),
            Next: 'Wait for the one before',
          },
          {
            Comment: 'the first execution for this alarm or event',
            Condition: expression('$states.input.proceed'),
            Next: 'Collect',
          },
        ],
        Default: 'Delivered twice',
      },
      // An incident that is open already takes the record at its next look; then it is asked again whether it has.
      'Wait for the one before': { Type: 'Wait', Seconds: expression('$states.input.after'), Next: 'Claim' },
      'Delivered twice': { Type: 'Succeed' },
      Collect: invoke(
        arn('collect'),
        { ...incident, round: expression('$round'), empty: expression('$empty') },
        {
          Assign: {
            restore: expression('$states.result.Payload.restore'),
            left: expression('$states.result.Payload.left'),
          },
          Next: 'Anything new?',
          Catch: caughtBy('Collect failed'),
        },
      ),
      'Collect failed': failure('collect', 'Ask'),
      'Anything new?': {
        Type: 'Choice',
        Choices: [
          { Comment: 'new records', Condition: expression('$states.input.fresh > 0'), Next: 'Restore' },
          {
            Comment: 'first round, nothing found yet',
            // The metric counted a record that the log group does not show yet.
            Condition: expression('$round = 0 and $states.input.explained = false and $empty < 6'),
            Assign: { empty: expression('$empty + 1') },
            Next: 'Wait for the records',
          },
          { Comment: 'first round, still nothing', Condition: expression('$round = 0'), Next: 'Ask' },
          { Comment: 'nothing new, and the alarm is quiet', Condition: expression('$quiet'), Next: 'Close' },
        ],
        Default: 'Wait before looking again',
      },
      'Wait for the records': { Type: 'Wait', Seconds: 10, Next: 'Collect' },
      ...actionStates('Restore', response.restore, arn, 'All restored?', failure),
      // Only so many actions are handed on at once; what is left is still planned, and planned again.
      'All restored?': {
        Type: 'Choice',
        Choices: [{ Comment: 'more are planned', Condition: expression('$left'), Next: 'Collect' }],
        Default: 'Investigate',
      },
      Investigate: invoke(arn(investigateUnit(id)), incident, {
        Assign: {
          contain: expression('$states.result.Payload.contain'),
          left: expression('$states.result.Payload.left'),
        },
        Next: 'Contain',
        Catch: caughtBy('Investigate failed'),
      }),
      'Investigate failed': failure('investigate', 'Ask'),
      ...actionStates('Contain', response.contain, arn, 'All contained?', failure),
      'All contained?': {
        Type: 'Choice',
        Choices: [{ Comment: 'more are planned', Condition: expression('$left'), Next: 'Investigate' }],
        Default: 'Ask',
      },
      // Each question waits in an execution of its own: a playbook that waited could not look at what comes meanwhile.
      Ask: invoke(arn('ask-analyst'), incident, { Next: 'Summarize', Catch: caughtBy('Ask failed') }),
      'Ask failed': failure('ask-analyst', 'Summarize'),
      Summarize: invoke(
        arn('summarize'),
        { ...incident, round: expression('$round') },
        {
          Assign: { round: expression('$round + 1') },
          Next: 'More to come?',
          Catch: caughtBy('Summarize failed'),
        },
      ),
      'Summarize failed': failure('summarize', 'Mail that the playbook failed'),
      'More to come?': {
        Type: 'Choice',
        Choices: [
          // Once the alarm is quiet, what comes later sets it off anew: the look after that was the last one, also where it failed.
          // That another incident has the records of now says nothing of those to come: while the alarm is on, they set nothing off.
          { Comment: 'the alarm is quiet', Condition: expression('$quiet'), Next: 'Close' },
        ],
        Default: 'Wait before looking again',
      },
      'Wait before looking again': { Type: 'Wait', Seconds: expression('$waitSeconds'), Next: 'Settle' },
      Settle: invoke(
        arn('settle'),
        { ...incident, looks: expression('$looks') },
        {
          Assign: {
            quiet: expression('$states.result.Payload.quiet'),
            looks: expression('$states.result.Payload.looks'),
            waitSeconds: expression('$states.result.Payload.waitSeconds'),
          },
          // The alarm is read first, the records after it: what comes later sets the alarm off anew.
          Next: 'Collect',
          Catch: caughtBy('Settle failed'),
        },
      ),
      'Settle failed': failure('settle', 'Mail that the playbook failed'),
      Close: invoke(arn('close'), incident, { Next: 'Closed', Catch: caughtBy('Close failed') }),
      'Close failed': failure('close', 'Mail that the playbook failed'),
      Closed: { Type: 'Succeed' },
      ...failureStates(id, channels),
      Failed: {
        Type: 'Fail',
        Error: 'PlaybookFailed',
        Cause: 'The mail and the history of this execution say which step.',
      },
    },
  };
}

/** Tells of a playbook that could not go on, by mail and on the event bus, without any function of cordon's. */
function failureStates(id: string, { topic, bus, prefix, runbooks }: Channels): Record<string, State> {
  return {
    'Mail that the playbook failed': publish(
      topic,
      expression(playbookFailed.subject),
      expression(playbookFailed.text(id, runbooks)),
      'Announce that the playbook failed',
      { Output: expression('$states.input') },
    ),
    'Announce that the playbook failed': {
      Type: 'Task',
      Resource: 'arn:aws:states:::events:putEvents',
      Arguments: {
        Entries: [
          {
            EventBusName: bus,
            Source: sourceOf(prefix),
            DetailType: 'Playbook Failed' satisfies DetailType,
            Detail: expression(playbookFailed.detail(id)),
          },
        ],
      },
      TimeoutSeconds: 30,
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2 }],
      // The mail has been sent: that the bus does not take it holds nothing up.
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
      Next: 'Failed',
    },
  };
}

/** Writes down that something failed for good; what failed is the state's input. */
export const recordFailure = (arn: FunctionArn, what: { step: string; key?: string }, next: string): State =>
  invoke(arn('record-failure'), { ...incident, ...what, error: expression('$states.input') }, { Next: next });

/** Runs planned actions, each in the branch of its kind; the failure of one holds up no other. */
function actionStates(
  phase: 'Restore' | 'Contain',
  actions: readonly { action: string }[],
  arn: FunctionArn,
  next: string,
  failure: (step: string, next: string) => State,
): Record<string, State> {
  const kinds = [...new Set(actions.map(({ action }) => action))];
  // Without actions nothing can fail, and a state that nothing leads to is refused.
  if (kinds.length === 0) return { [phase]: { Type: 'Pass', Next: next } };
  const failed = `${phase} failed`;
  const settled = `${phase}: settled`;
  return {
    [phase]: {
      Type: 'Map',
      Items: expression(`$${phase.toLowerCase()}`),
      MaxConcurrency: 10,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: `${phase}: which action?`,
        States: {
          ...actionBranches(phase, kinds, arn, settled),
          [`${phase}: action failed`]: recordFailure(
            arn,
            { step: phase.toLowerCase(), key: expression('$key') },
            settled,
          ),
          [settled]: { Type: 'Succeed' },
        },
      },
      Next: next,
      Catch: caughtBy(failed),
    },
    [failed]: failure(phase.toLowerCase(), next),
  };
}

/**
 * The states of one action's run, from `PHASE: which action?` to `next`, in the branch of its kind; what fails goes to
 * `PHASE: action failed`. The names begin with the phase, since they must be unique in the whole machine.
 */
export function actionBranches(phase: string, kinds: string[], arn: FunctionArn, next: string): Record<string, State> {
  return {
    [`${phase}: which action?`]: {
      Type: 'Choice',
      Choices: kinds.map((id) => ({
        Condition: expression(`$states.input.action = '${id}'`),
        Assign: { key: expression('$states.input.key') },
        Next: `${phase}: ${id}`,
      })),
    },
    ...Object.assign({}, ...kinds.map((id) => oneAction(phase, id, arn, next))),
  };
}

/** Contains, and reads back where that is still to be done. */
function oneAction(phase: string, id: string, arn: FunctionArn, next: string): Record<string, State> {
  const call = (name: 'contain' | 'verify', rest: Record<string, unknown>) =>
    invoke(
      arn(containUnit(id)),
      { ...incident, key: expression('$key'), phase: name },
      { ...rest, Catch: caughtBy(`${phase}: action failed`) },
    );
  return {
    [`${phase}: ${id}`]: call('contain', { Next: `${phase}: ${id} changed?` }),
    [`${phase}: ${id} changed?`]: {
      Type: 'Choice',
      Choices: [{ Comment: 'nothing is left to do', Condition: expression('$states.input.settled'), Next: next }],
      Default: `${phase}: verify ${id}`,
    },
    [`${phase}: verify ${id}`]: call('verify', { Next: next }),
  };
}
