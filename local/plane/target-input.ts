import type { InputTransformer, Rule, Target } from '@aws-sdk/client-eventbridge';
import { readSteps, select } from '../../playbooks/matching/path.ts';
import type { BusEvent } from './event.ts';

/** A target whose input cannot be made from the event: the message says why. */
export class InputFailure extends Error {
  override readonly name = 'InputFailure';
}

/**
 * What a target gets of an event: the event, a constant, a part of it, or a template filled from it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 * @throws InputFailure when a path cannot be read
 */
export function targetInput(target: Target, event: BusEvent, rule: Rule, now: Date): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(valueAt(target.InputPath, event) ?? {});
  if (target.InputTransformer) return transformed(target.InputTransformer, event, rule, now);
  return JSON.stringify(event);
}

function transformed(transformer: InputTransformer, event: BusEvent, rule: Rule, now: Date): string {
  const { detail: _, ...envelope } = event;
  const variables = new Map<string, unknown>();
  for (const [name, path] of Object.entries(transformer.InputPathsMap ?? {})) variables.set(name, valueAt(path, event));
  variables.set('aws.events.rule-arn', rule.Arn);
  variables.set('aws.events.rule-name', rule.Name);
  variables.set('aws.events.event.ingestion-time', `${now.toISOString().slice(0, 19)}Z`);
  variables.set('aws.events.event', envelope);
  variables.set('aws.events.event.json', event);
  return fill(transformer.InputTemplate ?? '', variables);
}

/**
 * Fills `<name>` in a template. As a JSON value of its own a variable becomes JSON; inside a text in quotes it becomes plain text, and an
 * object or array there loses its quotes. A variable that the event does not have is an empty text.
 */
function fill(template: string, variables: ReadonlyMap<string, unknown>): string {
  const isJson = template.includes('"') || /^\s*[{[]/.test(template);
  return template.replace(/"(?:\\.|[^"\\])*"|<([^<>\s"]+)>/gs, (token, name: string | undefined) => {
    if (name === undefined)
      return token.replace(/<([^<>\s"]+)>/g, (inner, key: string) => inText(inner, key, variables, true));
    if (!isJson) return inText(token, name, variables, false);
    return variables.has(name) ? JSON.stringify(variables.get(name) ?? '') : token;
  });
}

function inText(token: string, name: string, variables: ReadonlyMap<string, unknown>, quoted: boolean): string {
  if (!variables.has(name)) return token;
  const value = variables.get(name) ?? '';
  if (typeof value !== 'string') return JSON.stringify(value).replaceAll('"', '');
  return quoted ? JSON.stringify(value).slice(1, -1) : value;
}

function valueAt(path: string, event: BusEvent): unknown {
  if (path === '$') return event;
  const { steps, end } = readPath(path);
  if (!path.startsWith('$') || end < path.length) throw new InputFailure(`the path "${path}" cannot be read`);
  const found = select(event, steps);
  return steps.some((step) => 'any' in step) ? found : found[0];
}

function readPath(path: string): ReturnType<typeof readSteps> {
  try {
    return readSteps(path, 1);
  } catch (error) {
    throw new InputFailure(`the path "${path}" cannot be read (${(error as Error).message})`);
  }
}
