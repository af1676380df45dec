import { expression, type FunctionArn, invoke, publish, type State, type StateMachine } from './playbook-definition.ts';
import { undoUnit } from './units.ts';

/**
 * The undo machine: one branch for each action, then a mail. Its input is `{ incidentId, key, action, by, reason, force }`.
 */
export function undoDefinition(actions: string[], arn: FunctionArn, topic: string): StateMachine {
  const branches = actions.map((id): [string, State] => [
    `Undo: ${id}`,
    invoke(arn(undoUnit(id)), expression('$states.input'), { Next: 'Mail' }),
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
      'Unknown action': { Type: 'Fail', Error: 'InvalidInput', Cause: 'The input names no action that can be undone.' },
      ...Object.fromEntries(branches),
      Mail: publish(topic, expression('$states.input.subject'), expression('$states.input.text'), 'Undone'),
      Undone: { Type: 'Succeed' },
    },
  };
}
