import { finalErrors } from '../handlers/errors.ts';
import { expression, type FunctionArn, invoke, type StateMachine } from './playbook-definition.ts';

/**
 * What the canary's alarm and its event start: one step, which finds the record and writes down how long it took. Where that
 * fails for good the execution fails, and the alarm on the missing canary tells of it.
 */
export const canaryDefinition = (arn: FunctionArn): StateMachine => ({
  Comment: 'The end of the canary’s way',
  QueryLanguage: 'JSONata',
  StartAt: 'Conclude',
  States: {
    Conclude: invoke(
      arn('conclude-canary'),
      { event: expression('$states.context.Execution.Input') },
      // The metric may have counted a record that the log group does not show yet.
      {
        End: true,
        Retry: [
          { ErrorEquals: [...finalErrors], MaxAttempts: 0 },
          { ErrorEquals: ['States.ALL'], IntervalSeconds: 10, MaxAttempts: 5, BackoffRate: 1.5 },
        ],
      },
    ),
  },
});
