import { expression, type FunctionArn, invoke, publish, type State, type StateMachine } from './playbook-definition.ts';
import { undoUnit } from './units.ts';

/** Lambda puts an error into the cause as JSON; whatever else fails says it in plain text. */
const reason = `$contains($states.errorOutput.Cause, '"errorMessage"') ? $parse($states.errorOutput.Cause).errorMessage : $states.errorOutput.Error & ': ' & $states.errorOutput.Cause`;

/** What was asked for, as a mail says it. The input is whatever somebody started the machine with. */
const asked = [
  "'Action: ' & $string($states.context.Execution.Input.key)",
  "'Incident: ' & $string($states.context.Execution.Input.incidentId)",
  "'Asked by: ' & $string($states.context.Execution.Input.by)",
  "'Reason given: ' & $string($states.context.Execution.Input.reason)",
  "'Execution: ' & $states.context.Execution.Id",
  "'Runbook: npx cordon runbook ' & $string($states.context.Execution.Input.incidentId)",
].join(` & '\\n' & `);

/**
 * The undo machine: one branch for each action, then a mail, also of what is refused or fails. Its input is
 * `{ incidentId, key, action, by, reason, force }`.
 */
export function undoDefinition(actions: string[], arn: FunctionArn, topic: string): StateMachine {
  const branches = actions.map((id): [string, State] => [
    `Undo: ${id}`,
    invoke(arn(undoUnit(id)), expression('$states.input'), {
      Next: 'Mail',
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Assign: { error: expression('$states.errorOutput.Error'), reason: expression(reason) },
          Next: 'Mail that it was not undone',
        },
      ],
    }),
  ]);
  return {
    Comment: 'Undo one action of an incident',
    QueryLanguage: 'JSONata',
    StartAt: 'Which action?',
    States: {
      'Which action?': {
        Type: 'Choice',
        Choices: actions.map((id) => ({
          Condition: expression(`$states.input.action = '${id}'`),
          Next: `Undo: ${id}`,
        })),
        Default: 'Unknown action',
      },
      'Unknown action': {
        Type: 'Pass',
        Assign: { error: 'InvalidInput', reason: 'The input names no action that can be undone.' },
        Next: 'Mail that it was not undone',
      },
      ...Object.fromEntries(branches),
      Mail: publish(topic, expression('$states.input.subject'), expression('$states.input.text'), 'Undone'),
      Undone: { Type: 'Succeed' },
      'Mail that it was not undone': publish(
        topic,
        '[cordon] NOT UNDONE: an undo was refused or failed',
        expression(
          `'An undo was refused, or it failed: what cordon did stands, unless an earlier try changed part of it.\\n\\nWhy: ' & $reason & '\\n\\n' & ${asked} & '\\n'`,
        ),
        'Not undone',
      ),
      'Not undone': { Type: 'Fail', Error: expression('$error'), Cause: expression('$reason') },
    },
  };
}
