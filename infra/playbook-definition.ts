import { finalErrors } from '../handlers/errors.ts';
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
export function publish(topic: string, subject: string, message: string, next: string): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::sns:publish',
    Arguments: { TopicArn: topic, Subject: subject, Message: message },
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2 }],
    Next: next,
  };
}

const incident = { incidentId: expression('$incidentId') };

/**
 * The playbook of a response: claim, collect, restore, investigate, contain, summarize, settle. A step that fails for good
 * is written down and the rest goes on; if that is impossible too, Step Functions mails it itself and the execution fails.
 */
export function playbookDefinition(id: string, response: Response, arn: FunctionArn, topic: string): StateMachine {
  const recordFailure = (step: string, next: string): State =>
    invoke(
      arn('record-failure'),
      { ...incident, step, error: expression('$states.input') },
      { Next: next, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Mail that the playbook failed' }] },
    );
  const caughtBy = (next: string) => [
    { ErrorEquals: ['States.ALL'], Output: expression('$states.errorOutput'), Next: next },
  ];
  return {
    Comment: response.title,
    QueryLanguage: 'JSONata',
    StartAt: 'Claim',
    States: {
      Claim: invoke(
        arn('claim'),
        { execution: expression('$states.context.Execution.Id'), event: expression('$states.input') },
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
        Choices: [{ Condition: expression('$states.input.proceed'), Next: 'Collect' }],
        Default: 'Delivered twice',
      },
      'Delivered twice': { Type: 'Succeed' },
      Collect: invoke(arn('collect'), incident, {
        Assign: { restore: expression('$states.result.Payload.restore') },
        Next: 'Anything new?',
        Catch: caughtBy('Collect failed'),
      }),
      'Collect failed': recordFailure('collect', 'Summarize'),
      'Anything new?': {
        Type: 'Choice',
        Choices: [
          { Condition: expression('$states.input.fresh > 0'), Next: 'Restore' },
          {
            // The metric counted a record that the log group does not show yet.
            Condition: expression('$round = 0 and $states.input.explained = false and $empty < 6'),
            Assign: { empty: expression('$empty + 1') },
            Next: 'Wait for the records',
          },
          { Condition: expression('$round = 0'), Next: 'Summarize' },
          { Condition: expression('$quiet'), Next: 'Close' },
        ],
        Default: 'Wait before looking again',
      },
      'Wait for the records': { Type: 'Wait', Seconds: 10, Next: 'Collect' },
      Restore: actionMap(
        response.restore.map((restore) => restore.action),
        '$restore',
        arn,
        'Investigate',
        caughtBy('Restore failed'),
      ),
      'Restore failed': recordFailure('restore', 'Investigate'),
      Investigate: invoke(arn(investigateUnit(id)), incident, {
        Assign: { contain: expression('$states.result.Payload.contain') },
        Next: 'Contain',
        Catch: caughtBy('Investigate failed'),
      }),
      'Investigate failed': recordFailure('investigate', 'Summarize'),
      Contain: actionMap(
        response.contain.map((contain) => contain.action),
        '$contain',
        arn,
        'Summarize',
        caughtBy('Contain failed'),
      ),
      'Contain failed': recordFailure('contain', 'Summarize'),
      Summarize: invoke(
        arn('summarize'),
        { ...incident, round: expression('$round') },
        {
          Assign: { round: expression('$round + 1') },
          Next: 'More to come?',
          Catch: caughtBy('Summarize failed'),
        },
      ),
      'Summarize failed': recordFailure('summarize', 'Mail that the playbook failed'),
      'More to come?': {
        Type: 'Choice',
        Choices: [{ Condition: expression("$states.input.outcome = 'duplicate'"), Next: 'Close' }],
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
      'Settle failed': recordFailure('settle', 'Mail that the playbook failed'),
      Close: invoke(arn('close'), incident, { Next: 'Closed', Catch: caughtBy('Close failed') }),
      'Close failed': recordFailure('close', 'Mail that the playbook failed'),
      Closed: { Type: 'Succeed' },
      'Mail that the playbook failed': publish(
        topic,
        '[cordon] A PLAYBOOK FAILED: an analyst is needed',
        expression(
          `'The playbook ${id} could not go on. Incident: ' & $incidentId & '. Execution: ' & $states.context.Execution.Id & '. Look at the alarm and at the account by hand. What it was doing: ' & $string($states.input)`,
        ),
        'Failed',
      ),
      Failed: {
        Type: 'Fail',
        Error: 'PlaybookFailed',
        Cause: 'The mail and the history of this execution say which step.',
      },
    },
  };
}

/** Runs planned actions, each in the branch of its kind; the failure of one holds up no other. */
function actionMap(ids: string[], items: string, arn: FunctionArn, next: string, caught: unknown[]): State {
  const kinds = [...new Set(ids)];
  if (kinds.length === 0) return { Type: 'Pass', Next: next };
  const branches = kinds.flatMap((id) => Object.entries(actionStates(id, arn)));
  return {
    Type: 'Map',
    Items: expression(items),
    MaxConcurrency: 10,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: 'Which action?',
      States: {
        'Which action?': {
          Type: 'Choice',
          Choices: kinds.map((id) => ({
            Condition: expression(`$states.input.action = '${id}'`),
            Assign: { key: expression('$states.input.key') },
            Next: `Contain: ${id}`,
          })),
        },
        ...Object.fromEntries(branches),
        'Action failed': invoke(
          arn('record-failure'),
          { ...incident, step: 'contain', key: expression('$key'), error: expression('$states.input') },
          { End: true },
        ),
        Settled: { Type: 'Succeed' },
      },
    },
    Next: next,
    Catch: caught,
  };
}

function actionStates(id: string, arn: FunctionArn): Record<string, State> {
  const phase = (name: 'contain' | 'verify', next: Record<string, unknown>) =>
    invoke(
      arn(containUnit(id)),
      { ...incident, key: expression('$key'), phase: name },
      {
        ...next,
        Catch: [{ ErrorEquals: ['States.ALL'], Output: expression('$states.errorOutput'), Next: 'Action failed' }],
      },
    );
  return {
    [`Contain: ${id}`]: phase('contain', { Next: `Changed: ${id}?` }),
    [`Changed: ${id}?`]: {
      Type: 'Choice',
      Choices: [{ Condition: expression('$states.input.settled'), Next: 'Settled' }],
      Default: `Verify: ${id}`,
    },
    [`Verify: ${id}`]: phase('verify', { End: true }),
  };
}
