import type { State, StateMachine } from '../../infra/playbook-definition.ts';

/** States and loops of Amazon States Language. */
interface Scope {
  StartAt: string;
  States: Record<string, State>;
}

/** A way from one state to another; `to` is undefined at the end. */
interface Way {
  to: string | undefined;
  label: string;
}

interface Rule {
  Next: string;
  Condition?: string;
  Comment?: string;
  ErrorEquals?: string[];
}

/**
 * A state machine as a Mermaid diagram. It shows the states that do something, and the ways between them: choices become
 * labels, and what catches every error is left out, since {@link failureWays} lists it.
 * https://mermaid.js.org/syntax/stateDiagram.html
 */
export function diagramOf(machine: StateMachine): string[] {
  return ['stateDiagram-v2', '  direction TB', ...scopeLines(machine, '', '  ')];
}

function scopeLines(scope: Scope, prefix: string, indent: string): string[] {
  const shown = reached(scope);
  const id = (name: string) => `${prefix}${identifier(label(name, prefix))}`;
  const states = shown.flatMap((name) => {
    const inner = scope.States[name]?.ItemProcessor as Scope | undefined;
    const open = `${indent}state "${text(label(name, prefix))}" as ${id(name)}`;
    if (!inner) return [open];
    // The names of inner states begin with the phase, which the box around them says already.
    return [`${open} {`, ...scopeLines(inner, `${id(name)}_`, `${indent}  `), `${indent}}`];
  });
  const arrow = (from: string, { to, label: words }: Way) =>
    `${indent}${from} --> ${to === undefined ? '[*]' : id(to)}${words ? `: ${text(words)}` : ''}`;
  const starts = waysFrom(scope, scope.StartAt, '').map((way) => arrow('[*]', way));
  const ways = shown.flatMap((name) => exits(scope, name).map((way) => arrow(id(name), way)));
  return [...states, ...starts, ...ways];
}

/** The states to show, in the order of the definition. */
function reached(scope: Scope): string[] {
  const seen = new Set<string>();
  const open = waysFrom(scope, scope.StartAt, '');
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    if (way.to === undefined || seen.has(way.to)) continue;
    seen.add(way.to);
    open.push(...exits(scope, way.to));
  }
  return Object.keys(scope.States).filter((name) => seen.has(name));
}

/** The ways out of a state that does something. */
function exits(scope: Scope, name: string): Way[] {
  const state = scope.States[name];
  const caught = rules(state?.Catch)
    .filter(({ ErrorEquals = [] }) => !ErrorEquals.includes('States.ALL'))
    .flatMap(({ Next, ErrorEquals = [] }) => waysFrom(scope, Next, errorWords(ErrorEquals)));
  return merged([
    ...(typeof state?.Next === 'string' ? waysFrom(scope, state.Next, '') : [{ to: undefined, label: '' }]),
    ...caught,
  ]);
}

/** Where going on with a state leads: a choice leads on, each way under its condition; an end and an empty step are no states. */
function waysFrom(scope: Scope, name: string, before: string): Way[] {
  const state = scope.States[name];
  if (state?.Type === 'Succeed' || state?.Type === 'Fail') return [{ to: undefined, label: before }];
  if (state?.Type === 'Pass' && typeof state.Next === 'string') return waysFrom(scope, state.Next, before);
  if (state?.Type !== 'Choice') return [{ to: name, label: before }];
  const otherwise =
    typeof state.Default === 'string' ? [{ Next: state.Default, Comment: otherwiseWords(scope, state.Default) }] : [];
  const all: Rule[] = [...rules(state.Choices), ...otherwise];
  return all.flatMap((rule) => {
    const words = rule.Comment ?? conditionWords(rule.Condition);
    return waysFrom(scope, rule.Next, [before, words].filter(Boolean).join(', '));
  });
}

/** The name of an end says why it is one. */
function otherwiseWords({ States }: Scope, name: string): string {
  const isEnd = States[name]?.Type === 'Succeed' || States[name]?.Type === 'Fail';
  return isEnd ? name.toLowerCase() : 'otherwise';
}

/** Several ways to one state as one arrow. */
function merged(ways: Way[]): Way[] {
  const byTarget = new Map<string | undefined, string[]>();
  for (const { to, label: words } of ways) byTarget.set(to, [...(byTarget.get(to) ?? []), ...(words ? [words] : [])]);
  return [...byTarget].map(([to, labels]) => ({ to, label: [...new Set(labels)].join(', or ') }));
}

const rules = (value: unknown): Rule[] => (Array.isArray(value) ? (value as Rule[]) : []);
const errorWords = (errors: string[]): string =>
  errors.map((error) => (error === 'States.Timeout' ? 'no answer in time' : error)).join(' or ');

/** A JSONata condition without its brackets; the inner choice by action says nothing that the state's name does not. */
function conditionWords(condition = ''): string {
  const bare = condition
    .replace(/^\{%\s*|\s*%\}$/g, '')
    .replaceAll('$states.input.', '')
    .replaceAll('$', '');
  return /^action = '[\w-]+'$/.test(bare) ? '' : bare;
}

/** What the catching of all errors leads to, for each state that does so. */
export function failureWays(machine: StateMachine): { states: string[]; follows: string }[] {
  const byEnd = new Map<string, Set<string>>();
  const walk = (scope: Scope) => {
    for (const [name, state] of Object.entries(scope.States)) {
      const catching = rules(state.Catch).find(({ ErrorEquals = [] }) => ErrorEquals.includes('States.ALL'));
      // What only writes a failure down is not told again.
      if (catching && !isFailureState(name)) {
        const follows = endOf(scope, catching.Next);
        const step = name.replace(/^(\w+): .*/, 'any action of $1');
        byEnd.set(follows, new Set([...(byEnd.get(follows) ?? []), step]));
      }
      if (state.ItemProcessor) walk(state.ItemProcessor as Scope);
    }
  };
  walk(machine);
  return [...byEnd].map(([follows, states]) => ({ states: [...states], follows }));
}

const isFailureState = (name: string): boolean => / failed$/.test(name);

function endOf(scope: Scope, name: string): string {
  const state = scope.States[name];
  const next = typeof state?.Next === 'string' ? state.Next : undefined;
  if (String(state?.Resource).endsWith('sns:publish')) return 'Step Functions mails it, and the execution fails';
  if (!isFailureState(name)) return `the playbook goes on with ${name}`;
  if (next === undefined) return 'it is written down, and the other actions go on';
  const after = endOf(scope, folded(scope, next));
  return `it is written down; ${after}`;
}

/** A choice is no step of its own: what goes on is its default. */
function folded(scope: Scope, name: string): string {
  const state = scope.States[name];
  return state?.Type === 'Choice' && typeof state.Default === 'string' ? folded(scope, state.Default) : name;
}

/** A name that Mermaid takes as an identifier. */
const identifier = (name: string): string => name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '');

const label = (name: string, prefix: string): string => (prefix ? name.replace(/^\w+: /, '') : name);

/** Text as a label: quotes, brackets and semicolons mean something to Mermaid, and comparisons are said in words. */
const text = (words: string): string =>
  words
    .replaceAll(' > ', ' over ')
    .replaceAll(' < ', ' under ')
    .replaceAll('"', "'")
    .replace(/[#;<>{}]/g, ' ');
