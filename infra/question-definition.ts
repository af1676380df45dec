import type { QuestionTimes } from '../playbooks/question-times.ts';
import {
  actionBranches,
  caughtBy,
  expression,
  type FunctionArn,
  invoke,
  publish,
  recordFailure,
  type State,
  type StateMachine,
} from './playbook-definition.ts';

const question = {
  incidentId: expression('$incidentId'),
  key: expression('$key'),
  number: expression('$number'),
};

/**
 * One question to an analyst, from asking to what comes of the answer: it waits on a task token, is reminded of, escalated,
 * and given up when its time is up; an approved action is then contained and read back. The ledger has the answer, and the
 * token only wakes the machine, so an answer that comes between two waits is not lost. Its input is `{ incidentId, key, number }`.
 */
export function questionDefinition(
  actions: string[],
  { remindAfter, escalateAfter, answerWithin }: QuestionTimes,
  arn: FunctionArn,
  topic: string,
): StateMachine {
  const wait = (minutes: number, late: string): State => ({
    ...invoke(
      arn('await-answer'),
      {
        ...question,
        token: expression('$states.context.Task.Token'),
        execution: expression('$states.context.Execution.Id'),
      },
      {},
    ),
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Output: {},
    TimeoutSeconds: Math.round(minutes * 60),
    // A time that is up is no failure that another try could mend.
    Retry: [
      { ErrorEquals: ['States.Timeout'], MaxAttempts: 0 },
      { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 4, BackoffRate: 2, JitterStrategy: 'FULL' },
    ],
    Next: 'Settle',
    Catch: [{ ErrorEquals: ['States.Timeout'], Next: late }, ...failed()],
  });
  const failed = () => caughtBy('Mail that a question failed');
  const late = (stage: string, next: string): State =>
    invoke(arn('remind-analyst'), { ...question, stage }, { Next: next, Catch: failed() });
  const stillOpen = (next: string): State => ({
    Type: 'Choice',
    Choices: [{ Comment: 'still unanswered', Condition: expression('$states.input.unanswered'), Next: next }],
    Default: 'Settle',
  });
  return {
    Comment: 'Wait for an analyst, and do what was approved',
    QueryLanguage: 'JSONata',
    StartAt: 'Question',
    States: {
      Question: {
        Type: 'Pass',
        Assign: {
          incidentId: expression('$states.input.incidentId'),
          key: expression('$states.input.key'),
          number: expression('$states.input.number'),
        },
        Next: 'Ask',
      },
      Ask: wait(remindAfter, 'Remind'),
      Remind: late('reminded', 'Reminded?'),
      'Reminded?': stillOpen('Ask again'),
      'Ask again': wait(escalateAfter - remindAfter, 'Escalate'),
      Escalate: late('escalated', 'Escalated?'),
      'Escalated?': stillOpen('Ask a last time'),
      'Ask a last time': wait(answerWithin - escalateAfter, 'Time is up'),
      'Time is up': late('timed-out', 'Settle'),
      Settle: invoke(arn('settle-question'), question, { Next: 'Approved?', Catch: failed() }),
      'Approved?': {
        Type: 'Choice',
        Choices: [
          { Comment: 'to be done', Condition: expression('$states.input.run'), Next: 'Contain: which action?' },
        ],
        Default: 'Conclude',
      },
      ...actionBranches('Contain', actions, arn, 'Conclude'),
      'Contain: action failed': {
        ...recordFailure(arn, { step: 'contain', key: expression('$key') }, 'Conclude'),
        Catch: failed(),
      },
      Conclude: invoke(arn('conclude-question'), question, { Next: 'Concluded', Catch: failed() }),
      Concluded: { Type: 'Succeed' },
      'Mail that a question failed': publish(
        topic,
        '[cordon] A QUESTION TO AN ANALYST FAILED',
        expression(
          "'What waits for an answer, or what was approved, could not be followed up. Incident: ' & $incidentId & ', key: ' & $key & '. Look at it with: npx cordon incidents show ' & $incidentId & '. Runbook: npx cordon runbook ' & $incidentId & '. Execution: ' & $states.context.Execution.Id & '. What it was doing: ' & $string($states.input)",
        ),
        'Failed',
      ),
      Failed: {
        Type: 'Fail',
        Error: 'QuestionFailed',
        Cause: 'The mail and the history of this execution say what failed.',
      },
    },
  };
}
