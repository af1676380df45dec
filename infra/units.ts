import { actions } from '../handlers/actions/catalog.ts';
import { announcePermission } from '../handlers/announce.ts';
import { permissions as answer } from '../handlers/answers/answer.ts';
import { investigations } from '../handlers/investigations/catalog.ts';
import type { Permission } from '../handlers/permissions.ts';
import { useLedger } from '../handlers/permissions.ts';
import { permissions as askAnalyst } from '../handlers/steps/ask-analyst.ts';
import { permissions as awaitAnswer } from '../handlers/steps/await-answer.ts';
import { permissions as claim } from '../handlers/steps/claim.ts';
import { permissions as close } from '../handlers/steps/close.ts';
import { permissions as collect } from '../handlers/steps/collect.ts';
import { permissions as concludeCanary } from '../handlers/steps/conclude-canary.ts';
import { permissions as concludeQuestion } from '../handlers/steps/conclude-question.ts';
import { permissions as investigate } from '../handlers/steps/investigate.ts';
import { permissions as keepBaseline } from '../handlers/steps/keep-baseline.ts';
import { permissions as recordFailure } from '../handlers/steps/record-failure.ts';
import { permissions as remindAnalyst } from '../handlers/steps/remind-analyst.ts';
import { permissions as sendCanary } from '../handlers/steps/send-canary.ts';
import { permissions as settle } from '../handlers/steps/settle.ts';
import { permissions as settleQuestion } from '../handlers/steps/settle-question.ts';
import { permissions as summarize } from '../handlers/steps/summarize.ts';
import { permissions as watchdog } from '../handlers/steps/watchdog.ts';
import { canaryUnit } from '../playbooks/canary.ts';
import { deployedResponses, responses } from '../playbooks/catalog.ts';
import type { PackId } from '../playbooks/packs.ts';

/** One Lambda function, derived from a step, a response's investigation, or an action. */
export interface Unit {
  /** Unique; its function and role are called `<prefix>-<id>`. */
  id: string;
  /** The module, from the project's root. */
  entry: string;
  /** The export that Lambda calls. */
  handler: 'handler' | 'contain' | 'undo';
  description: string;
  permissions: Permission[];
  /** The response that it investigates for: it is deployed with it only. */
  response?: string;
}

const steps: Record<string, { permissions: Permission[]; description: string }> = {
  claim: { permissions: claim, description: 'Opens the incident of an alarm, once' },
  collect: { permissions: collect, description: 'Collects and claims the records of the window' },
  'ask-analyst': { permissions: askAnalyst, description: 'Asks for what a person must decide or do' },
  'await-answer': { permissions: awaitAnswer, description: 'Writes down what waits for an answer' },
  'remind-analyst': {
    permissions: remindAnalyst,
    description: 'Reminds of what nobody has answered, and escalates it',
  },
  'settle-question': { permissions: settleQuestion, description: 'Carries an answer over to its action' },
  'conclude-question': { permissions: concludeQuestion, description: 'Says what came of an answer' },
  summarize: { permissions: summarize, description: 'Mails the summary and keeps the evidence' },
  settle: { permissions: settle, description: 'Looks whether the alarm is quiet again' },
  close: { permissions: close, description: 'Closes the incident' },
  'keep-baseline': { permissions: keepBaseline, description: 'Keeps the baseline of every healthy trail' },
  [canaryUnit]: {
    permissions: sendCanary,
    description: 'Makes the harmless call that shows that the pipeline is alive',
  },
  'conclude-canary': { permissions: concludeCanary, description: 'Writes down how long that call took to get through' },
  watchdog: { permissions: watchdog, description: 'Reads the state itself and opens what nobody has reported' },
  'record-failure': { permissions: recordFailure, description: 'Writes down what failed' },
};

/** Id of the function that investigates for a response. */
export const investigateUnit = (response: string): string => `investigate-${response}`;
/** Id of the function that contains. */
export const containUnit = (action: string): string => `contain-${action}`;
/** Id of the function that undoes. */
export const undoUnit = (action: string): string => `undo-${action}`;

/** The ids of the actions that can be undone. */
export const undoable = (): string[] =>
  Object.entries(actions).flatMap(([id, { irreversible }]) => (irreversible ? [] : [id]));

/** IAM takes no typographic apostrophes in a role's description. */
const describe = (does: string, title: string): string => `${does}: ${title.replaceAll('\u2019', "'")}`;

/** Every function there is, derived from the catalogs. */
export const units: readonly Unit[] = [
  {
    id: 'answer',
    entry: 'handlers/answers/answer.ts',
    handler: 'handler',
    description: 'Takes the answers of analysts',
    permissions: answer,
  },
  ...Object.entries(steps).map(([id, step]) => ({
    id,
    entry: `handlers/steps/${id}.ts`,
    handler: 'handler' as const,
    ...step,
  })),
  ...Object.entries(responses).map(([id, response]) => ({
    id: investigateUnit(id),
    entry: 'handlers/steps/investigate.ts',
    handler: 'handler' as const,
    description: describe('Investigates', response.title),
    permissions: [
      ...investigate,
      ...response.investigate.flatMap((one) => investigations[one].permissions),
      // It plans these, and so must know whether their targets are protected.
      ...response.contain.flatMap(({ action }) => actions[action]?.tagged?.permissions ?? []),
    ],
    response: id,
  })),
  ...Object.entries(actions).flatMap(([id, action]) => [
    {
      id: containUnit(id),
      entry: `handlers/actions/${id}.ts`,
      handler: 'contain' as const,
      description: describe('Contains', action.title),
      permissions: [useLedger, announcePermission, ...action.permissions.contain],
    },
    ...(action.irreversible
      ? []
      : [
          {
            id: undoUnit(id),
            entry: `handlers/actions/${id}.ts`,
            handler: 'undo' as const,
            description: describe('Undoes', action.title),
            permissions: [useLedger, announcePermission, ...action.permissions.undo],
          },
        ]),
  ]),
];

/** The functions of a deployment. Actions are there whatever packs are on: what one did must be undone when it is off. */
export function deployedUnits(on: readonly PackId[]): Unit[] {
  const there = new Set(deployedResponses(on).map(([id]) => id));
  return units.filter(({ response }) => response === undefined || there.has(response));
}
