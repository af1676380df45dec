import type { Actor } from '../playbooks/actor.ts';
import { detectionOf, responseOf } from '../playbooks/catalog.ts';
import { isUnexplained } from '../playbooks/difference.ts';
import type { ActionRecord, Incident, IncidentEvent } from '../playbooks/incident.ts';
import { actionChanged, type IncidentHead } from '../playbooks/messages/announcements.ts';
import { isReleased } from '../playbooks/question.ts';
import type { Target } from '../playbooks/response.ts';
import { actionKeyOf } from './actions/action.ts';
import { type AnyAction, actions } from './actions/catalog.ts';
import { announce } from './announce.ts';
import type { Context } from './context.ts';
import { InvalidInput } from './errors.ts';
import { type Decision, Guard } from './guard/guard.ts';
import { heldBy } from './guard/holding.ts';
import type { Head } from './incidents/items.ts';

/** A planned action, as the states of the playbook pass it on. */
export interface Planned {
  incidentId: string;
  key: string;
  action: string;
  status: ActionRecord['status'];
}

/** The action of that id. @throws {InvalidInput} */
export function actionOf(id: string): AnyAction {
  const found = Object.hasOwn(actions, id) ? actions[id] : undefined;
  if (!found) throw new InvalidInput(`There is no action '${id}'. Known: ${Object.keys(actions).join(', ')}.`);
  return found;
}

/** What an action on the actor itself is aimed at: the user or the role by name. Nothing else can be acted on by name. */
export function actorTarget(actor: Actor): unknown[] {
  if (actor.name === undefined) return [];
  if (actor.kind === 'iam-user') return [{ user: actor.name }];
  // A federated user's credentials can do no more than the user who made them.
  if (actor.kind === 'federated-user') return actor.issuer ? [{ user: actor.issuer.name }] : [];
  return actor.kind === 'assumed-role' ? [{ role: actor.name }] : [];
}

/** An action that puts protection back, with the eventIDs of the records that call for it. */
interface Restoring extends Target {
  action: string;
  key: string;
}

/** What puts protection back, as the calls that succeeded ask for it. */
export function restoresFor(head: Head, events: IncidentEvent[], account: string): Restoring[] {
  const offences = events.filter((event) => event.verdict === 'offence').map((event) => event.record);
  const { restore } = responseOf(detectionOf(head.detection).response);
  return restore.flatMap(({ action, targets }) =>
    targets(offences, account).map((target) => ({ action, key: actionKeyOf(action, target.target), ...target })),
  );
}

/** What puts back what the watchdog found and no record calls for, as the response has such an action. */
function restoresOfState(head: Head, called: readonly Restoring[]): Restoring[] {
  if (!isUnexplained(head)) return [];
  const { restore } = responseOf(detectionOf(head.detection).response);
  const found = (head.differences ?? []).flatMap(({ restore: wanted }): Restoring[] => {
    if (!wanted || !restore.some(({ action }) => action === wanted.action)) return [];
    const { action, target } = wanted;
    return [{ action, target, key: actionKeyOf(action, target), because: [] }];
  });
  const known = new Set(called.map(({ key }) => key));
  return [...new Map(found.filter(({ key }) => !known.has(key)).map((one) => [one.key, one])).values()];
}

/** Plans what puts protection back, for the calls that succeeded and for what the watchdog found by the state. */
export async function planRestores(head: Head, events: IncidentEvent[], context: Context): Promise<Planned[]> {
  const guard = new Guard(head.detection, context);
  const planned: Planned[] = [];
  const records: ActionRecord[] = [];
  const called = restoresFor(head, events, context.environment.account);
  const { restore } = responseOf(detectionOf(head.detection).response);
  for (const one of [...called, ...restoresOfState(head, called)]) {
    const behind = events.map(({ record }) => record).filter(({ eventID }) => one.because.includes(eventID));
    const mode = restore.find(({ action }) => action === one.action)?.mode?.(behind, context.environment.options);
    const record = await plan(head.id, one, guard.ofRestore(actionOf(one.action), mode), context);
    records.push(record);
    // Whether a proposed one is needed says whether the records did any harm.
    if (isToRun(record) || record.status === 'proposed') planned.push(asPlanned(head.id, record));
  }
  await announcePlanned(head, records, context);
  return planned;
}

/** Plans the containment of every offender, as far as the guard rails let each action go. */
export async function planContainments(incident: Incident, context: Context): Promise<Planned[]> {
  const { contain } = responseOf(detectionOf(incident.detection).response);
  const guard = new Guard(incident.detection, context);
  const planned: Planned[] = [];
  const records: ActionRecord[] = [];
  for (const offender of offendersOf(incident)) {
    for (const { action, who, mode, attempts, related, targets, question, twoPersons, onTimeout } of contain) {
      if (![who].flat().includes(offender.actor.kind)) continue;
      if (offender.worst === 'attempt' && !attempts) continue;
      if (offender.worst === 'related' && !related) continue;
      const decided =
        typeof mode === 'function' ? mode(incident, offender.actor.key, context.environment.options) : mode;
      if (decided === undefined) continue;
      const aims = targets?.(incident, offender.actor) ?? actorTarget(offender.actor);
      for (const target of aims) {
        const key = actionKeyOf(action, target);
        const decision = await guard.ofContainment({
          ...{ unit: actionOf(action), mode: decided, actor: offender.actor, target },
          question: question?.(incident, target),
          name: `${incident.id}/${key}`,
          released: incident.actions.some((known) => known.key === key && known.at.planned !== undefined),
        });
        const asks = {
          ...(twoPersons ? { twoPersons } : {}),
          ...(onTimeout ? { onTimeout: onTimeout(context.environment.options) } : {}),
        };
        const wanted = { action, target, because: offender.because };
        const record = await plan(incident.id, wanted, { ...decision, ...asks }, context);
        records.push(record);
        if (isToRun(record) && !isAnswered(record, incident)) planned.push(asPlanned(incident.id, record));
      }
    }
  }
  await announcePlanned(incident, records, context);
  return planned;
}

/** Tells of what is new: an action that another round had finished with is as it was. */
async function announcePlanned(head: IncidentHead, records: ActionRecord[], context: Context): Promise<void> {
  const waiting: readonly ActionRecord['status'][] = ['planned', 'proposed', 'withheld', 'monitored'];
  const fresh = records.filter(({ status }) => waiting.includes(status));
  await announce(context, ...fresh.map((record) => actionChanged(head, record)));
}

const badness = ['related', 'attempt', 'offence'] as const;

/** Everybody who did or tried it or belongs to the picture, with their records and the worst of what they did. */
function offendersOf(incident: Incident) {
  const byKey = new Map<
    string,
    { actor: IncidentEvent['actor']; because: string[]; worst: (typeof badness)[number] }
  >();
  for (const { actor, verdict, record } of incident.events) {
    if (verdict === 'benign') continue;
    const offender = byKey.get(actor.key) ?? { actor, because: [], worst: verdict };
    offender.because.push(record.eventID);
    if (badness.indexOf(verdict) > badness.indexOf(offender.worst)) offender.worst = verdict;
    byKey.set(actor.key, offender);
  }
  return byKey.values();
}

/**
 * What is monitored or proposed runs as well, as far as reading goes: whoever decides is told what is there now. What was
 * done is read back anew, since the offender may have undone it.
 */
const isToRun = ({ status, beforeWords }: ActionRecord): boolean =>
  ['planned', 'monitored', 'captured', 'contained'].includes(status) ||
  (status === 'proposed' && beforeWords === undefined);
/** Released by an answer, it is run where that was waited for. */
const isAnswered = ({ key, status }: ActionRecord, { questions }: Incident): boolean =>
  (status === 'planned' || status === 'captured') &&
  questions.some((question) => question.key === key && isReleased(question));
const asPlanned = (incidentId: string, { key, action, status }: ActionRecord): Planned => ({
  incidentId,
  key,
  action,
  status,
});

async function plan(
  incidentId: string,
  { action, target, because }: { action: string; target: unknown; because: string[] },
  decision: Decision & Pick<ActionRecord, 'twoPersons' | 'onTimeout'>,
  context: Context,
): Promise<ActionRecord> {
  const unit = actionOf(action);
  const key = actionKeyOf(action, target);
  const declared = {
    key,
    action,
    title: unit.title,
    contains: unit.contains,
    target,
    label: unit.label(target),
    because,
    ...decision,
    ...(unit.byHand ? { commands: unit.byHand(target) } : {}),
    ...(unit.irreversible ? { irreversible: unit.irreversible } : {}),
  };
  return context.ledger.plan(incidentId, declared, heldBy(unit, key, target));
}
