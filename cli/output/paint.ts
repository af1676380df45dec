import { styleText } from 'node:util';
import type { Severity } from '../../playbooks/detection.ts';
import type { ActionStatus, Incident, Outcome } from '../../playbooks/incident.ts';
import type { QuestionStatus } from '../../playbooks/question.ts';

/** How a text may look in a terminal. */
export type Style = 'alarm' | 'bad' | 'warn' | 'good' | 'quiet' | 'strong' | 'info';

const FORMATS: Record<Style, Parameters<typeof styleText>[0]> = {
  alarm: ['bold', 'white', 'bgRed'],
  bad: 'red',
  warn: 'yellow',
  good: 'green',
  quiet: 'gray',
  strong: 'bold',
  info: 'cyan',
};

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style | undefined, text: string) => string;

/** Leaves every text as it is. */
export const noPaint: Paint = (_, text) => text;

/** Whether a stream takes colours: a terminal does, unless NO_COLOR is set; FORCE_COLOR makes anything do. https://no-color.org */
export function takesColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTerminal && env.TERM !== 'dumb';
}

/** The paint for a stream that takes colours, or not. */
export const paintFor = (colours: boolean): Paint =>
  colours
    ? (style, text) => (style && text ? styleText(FORMATS[style], text, { validateStream: false }) : text)
    : noPaint;

/** How a severity looks. */
export const severityStyle: Record<Severity, Style | undefined> = {
  LOW: undefined,
  MEDIUM: 'warn',
  HIGH: 'bad',
  CRITICAL: 'alarm',
};

/** How the status of an incident looks. */
export const statusStyle: Record<Incident['status'], Style | undefined> = {
  open: 'warn',
  'handed-over': 'bad',
  closed: undefined,
};

/** How an outcome looks. */
export const outcomeStyle: Record<Outcome, Style | undefined> = {
  contained: 'good',
  'needs-analyst': 'bad',
  resolved: 'good',
  undone: 'warn',
  declined: 'warn',
  monitored: 'warn',
  attempt: undefined,
  benign: 'quiet',
  duplicate: 'quiet',
};

/** How the status of an action looks. */
export const actionStyle: Record<ActionStatus, Style | undefined> = {
  planned: 'warn',
  proposed: 'warn',
  rejected: undefined,
  withheld: 'bad',
  monitored: 'warn',
  captured: 'warn',
  contained: 'warn',
  verified: 'good',
  'not-needed': 'quiet',
  failed: 'bad',
  undone: undefined,
};

/** How the status of a question looks. */
export const questionStyle: Record<QuestionStatus, Style | undefined> = {
  open: 'warn',
  approved: 'good',
  rejected: undefined,
  done: 'good',
  skipped: undefined,
  'timed-out': 'bad',
  withdrawn: 'quiet',
};
