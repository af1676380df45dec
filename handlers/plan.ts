import type { Actor } from '../playbooks/actor.ts';
import { detectionOf, responseOf } from '../playbooks/catalog.ts';
import type { ActionRecord, Incident, IncidentEvent } from '../playbooks/incident.ts';
import { actionKeyOf } from './actions/action.ts';
import { type AnyAction, actions } from './actions/catalog.ts';
import type { Context } from './context.ts';
import { InvalidInput } from './errors.ts';
import type { Head } from './incidents/items.ts';

/** A planned action, as the states of the playbook pass it on. */
export interface Planned {
  incidentId: string;
  key: string;
  action: string;
}

/** The action of that id. @throws {InvalidInput} */
export function actionOf(id: string): AnyAction {
  const found = Object.hasOwn(actions, id) ? actions[id] : undefined;
  if (!found) throw new InvalidInput(`There is no action '${id}'. Known: ${Object.keys(actions).join(', ')}.`);
  return found;
}

/** What an action on the actor itself is aimed at: the user or the role by name. Nothing else can be acted on by name. */
function actorTarget(actor: Actor): unknown[] {
  if (actor.name === undefined) return [];
  if (actor.kind === 'iam-user') return [{ user: actor.name }];
  // A federated user's credentials can do no more than the user who made them.
  if (actor.kind === 'federated-user') return actor.issuer ? [{ user: actor.issuer.name }] : [];
  return actor.kind === 'assumed-role' ? [{ role: actor.name }] : [];
}

/** Plans what puts protection back, for the calls that succeeded. */
export async function planRestores(head: Head, events: IncidentEvent[], context: Context): Promise<Planned[]> {
  const offences = events.filter((event) => event.verdict === 'offence').map((event) => event.record);
  const { restore } = responseOf(detectionOf(head.detection).response);
  const wanted = restore.flatMap(({ action, targets }) =>
    targets(offences, context.environment.account).map((target) => ({ action, ...target })),
  );
  return planAll(head.id, wanted, 'planned', context);
}

/** Plans the containment of every offender: done at once, proposed to an analyst, or withheld from a protected principal. */
export async function planContainments(incident: Incident, context: Context): Promise<Planned[]> {
  const { contain } = responseOf(detectionOf(incident.detection).response);
  const planned: Planned[] = [];
  for (const offender of offendersOf(incident)) {
    for (const { action, who, mode, attempts, related, targets, question } of contain) {
      if (![who].flat().includes(offender.actor.kind)) continue;
      if (offender.worst === 'attempt' && !attempts) continue;
      if (offender.worst === 'related' && !related) continue;
      const decided =
        typeof mode === 'function' ? mode(incident, offender.actor.key, context.environment.options) : mode;
      if (decided === undefined) continue;
      const aims = targets?.(incident, offender.actor) ?? actorTarget(offender.actor);
      const wanted = aims.map((target) => ({ action, target, because: offender.because }));
      const principal = offender.actor.issuer?.arn ?? offender.actor.arn;
      const guarded = protectionOf(principal, context);
      if (guarded) {
        await planAll(incident.id, wanted, 'withheld', context, `${principal} is protected (${guarded})`);
      } else if (decided === 'approve') {
        for (const one of wanted) {
          const known = [actionOf(action).blastRadius, question?.(incident, one.target)].filter(Boolean).join('; ');
          await planAll(incident.id, [one], 'proposed', context, known);
        }
      } else planned.push(...(await planAll(incident.id, wanted, 'planned', context)));
    }
  }
  return planned;
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

/** The pattern that protects a principal from automatic containment, if one does. */
function protectionOf(arn: string | undefined, { environment }: Context): string | undefined {
  return environment.protectedPrincipals.find((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(arn ?? '');
  });
}

async function planAll(
  incidentId: string,
  wanted: { action: string; target: unknown; because: string[] }[],
  status: 'planned' | 'proposed' | 'withheld',
  context: Context,
  reason?: string,
): Promise<Planned[]> {
  const records: ActionRecord[] = [];
  for (const { action, target, because } of wanted) {
    const unit = actionOf(action);
    records.push(
      await context.ledger.plan(incidentId, {
        key: actionKeyOf(action, target),
        action,
        title: unit.title,
        contains: unit.contains,
        target,
        label: unit.label(target),
        status,
        because,
        ...(reason ? { reason } : {}),
      }),
    );
  }
  return records
    .filter((record) => record.status === 'planned')
    .map(({ key, action }) => ({ incidentId, key, action }));
}
