import type { Actor } from './actor.ts';
import type { InterfaceFound } from './findings.ts';
import { type FlowRecord, flowOf } from './flow-logs.ts';
import type { Incident } from './incident.ts';

/** The flows of an incident by one actor, or by all. */
export const flowsOf = ({ events }: Incident, key?: string): FlowRecord[] =>
  events
    .filter(({ actor, verdict }) => verdict !== 'benign' && (key === undefined || actor.key === key))
    .flatMap(({ record }) => flowOf(record) ?? []);

/**
 * The interface of this account that a flow is about: the one that it came from, or else the one that let it in. Of a stranger
 * who was kept out there is none.
 */
export function interfaceBehind(flow: FlowRecord, known: readonly InterfaceFound[]): InterfaceFound | undefined {
  const from = known.find(({ addresses }) => addresses.includes(flow.source));
  if (from || flow.action === 'REJECT') return from;
  return known.find(({ id }) => id === flow.eni);
}

/** The interfaces behind an actor's flows, each once. */
export function interfacesBehind(incident: Incident, { key }: Pick<Actor, 'key'>): InterfaceFound[] {
  const known = incident.findings.interfaces ?? [];
  const behind = flowsOf(incident, key).flatMap((flow) => interfaceBehind(flow, known) ?? []);
  return [...new Map(behind.map((one) => [one.id, one])).values()];
}

/** The instances behind an actor's flows, as the action that isolates one takes them. */
export const instancesBehind = (incident: Incident, actor: Pick<Actor, 'key'>) =>
  [...new Set(interfacesBehind(incident, actor).flatMap(({ instance }) => instance ?? []))].map((instance) => ({
    instance,
    region: incident.region,
    account: incident.account,
  }));
