import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { actions } from '../../handlers/actions/catalog.ts';
import { finalErrors } from '../../handlers/errors.ts';
import { canaryDefinition } from '../../infra/canary-definition.ts';
import { playbookDefinition, type State, type StateMachine } from '../../infra/playbook-definition.ts';
import { questionDefinition } from '../../infra/question-definition.ts';
import { undoDefinition } from '../../infra/undo-definition.ts';
import { undoable, units } from '../../infra/units.ts';
import { canaryUnit } from '../../playbooks/canary.ts';
import { responses } from '../../playbooks/catalog.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';

const validate = createRequire(import.meta.url)('asl-validator') as (definition: unknown) => {
  isValid: boolean;
  errors: unknown[];
};

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:cordon-mails';
const CHANNELS = { topic: TOPIC, bus: 'cordon-incidents', prefix: 'cordon' };
const asked = new Set<string>();
const arn = (unit: string): string => {
  asked.add(unit);
  return `arn:aws:lambda:us-east-1:111122223333:function:cordon-${unit}`;
};

const machines: [string, StateMachine][] = [
  ...Object.entries(responses).map(([id, response]): [string, StateMachine] => [
    id,
    playbookDefinition(id, response, arn, CHANNELS),
  ]),
  ['question', questionDefinition(Object.keys(actions), defaultQuestionTimes, arn, TOPIC)],
  ['undo', undoDefinition(undoable(), arn, TOPIC)],
  ['canary', canaryDefinition(arn)],
];

interface Scope {
  StartAt: string;
  States: Record<string, State>;
}

/** The machine and the loops in it, each a graph of its own. */
function scopesOf(scope: Scope): Scope[] {
  const inner = Object.values(scope.States).flatMap((state) =>
    state.ItemProcessor ? [state.ItemProcessor as Scope] : [],
  );
  return [scope, ...inner.flatMap(scopesOf)];
}

/** The states that a state leads to. */
function nextOf(state: State): string[] {
  const rules = [...((state.Choices ?? []) as { Next: string }[]), ...((state.Catch ?? []) as { Next: string }[])];
  const direct = [state.Next, state.Default].filter((next): next is string => typeof next === 'string');
  return [...direct, ...rules.map((rule) => rule.Next)];
}

describe.each(machines)('the state machine %s', (_, machine) => {
  const scopes = scopesOf(machine);
  const states = scopes.flatMap((scope) => Object.entries(scope.States));

  it('is valid Amazon States Language', () => {
    expect(validate(machine)).toMatchObject({ isValid: true, errors: [] });
  });

  it('leads everywhere from its start, and nowhere else', () => {
    for (const scope of scopes) {
      const reached = new Set<string>();
      const open = [scope.StartAt];
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        const state = scope.States[name];
        expect(state, `${name} is missing`).toBeDefined();
        if (!state || reached.has(name)) continue;
        reached.add(name);
        open.push(...nextOf(state));
      }
      expect([...reached].sort()).toEqual(Object.keys(scope.States).sort());
    }
  });

  it('names the runbook in each mail that it writes itself', () => {
    for (const [name, { Resource, Arguments }] of states) {
      const { Message } = (Arguments ?? {}) as { Message?: string };
      // A function has written that one.
      if (Resource !== 'arn:aws:states:::sns:publish' || Message === '{% $states.input.text %}') continue;
      expect(Message, name).toContain('npx cordon runbook ');
    }
  });

  it('names its states once, with at most 80 characters', () => {
    const names = states.map(([name]) => name);

    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(names.filter((name) => name.length > 80)).toEqual([]);
  });

  it('tries again what can be mended, and only that, and waits for nothing without end', () => {
    const tasks = states.filter(([, state]) => String(state.Resource).endsWith('lambda:invoke'));

    for (const [name, state] of tasks) {
      const [final, other] = state.Retry as { ErrorEquals: string[]; MaxAttempts: number }[];
      expect(final, name).toMatchObject({ ErrorEquals: [...finalErrors], MaxAttempts: 0 });
      expect(other?.MaxAttempts, name).toBeGreaterThan(0);
      expect(state.TimeoutSeconds, name).toBeGreaterThan(0);
    }
    expect(tasks.length).toBeGreaterThan(0);
  });
});

describe('the playbooks', () => {
  // A refused undo, and a canary that does not come through, are failures of the execution on purpose.
  const playbooks = machines
    .filter(([id]) => id !== 'undo' && id !== 'canary')
    .flatMap(([, machine]) => Object.entries(machine.States));

  it('let no step end them without a word: what fails is caught', () => {
    for (const [name, state] of playbooks) {
      if (state.Type !== 'Task' || state.Resource === 'arn:aws:states:::sns:publish') continue;
      // The last one counts: a time that is up is caught before, where something waits.
      expect((state.Catch as unknown[]).at(-1), name).toMatchObject({ ErrorEquals: ['States.ALL'] });
    }
  });

  it('end once the alarm is quiet, also when collecting goes on failing', () => {
    const choices = playbooks.filter(([name]) => name === 'More to come?').map(([, state]) => state.Choices);

    for (const [choice] of choices as { Condition: string; Next: string }[][]) {
      expect(choice).toMatchObject({ Condition: expect.stringContaining('$quiet'), Next: 'Close' });
    }
    expect(choices).toHaveLength(Object.keys(responses).length);
  });

  it('read only variables that they assign', () => {
    for (const [id, machine] of machines) {
      const text = JSON.stringify(machine);
      const read = [...text.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name);
      const assigned = [...text.matchAll(/"Assign":(\{.*?\})(?=[,}])/g)].flatMap(([, json]) => {
        return [...(json ?? '').matchAll(/"(\w+)":/g)].map(([, name]) => name);
      });
      const functions = ['string', 'contains', 'parse', 'replace', 'substring', 'exists', 'now'];
      const known = ['states', ...functions, ...assigned];
      expect(
        read.filter((name) => !known.includes(name)),
        id,
      ).toEqual([]);
    }
  });

  it('with the undo and the canary call every function that there is but those that something else calls, and none that is not', () => {
    const scheduled = ['keep-baseline', 'watchdog', 'answer', canaryUnit];
    const called = units.map((unit) => unit.id).filter((id) => !scheduled.includes(id));
    expect([...asked].sort()).toEqual(called.sort());
  });
});
