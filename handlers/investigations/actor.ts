import type { ActorFinding } from '../../playbooks/findings.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import type { Investigation } from './investigation.ts';

const distinct = (values: (string | null | undefined)[]): string[] => [
  ...new Set(values.filter((value): value is string => typeof value === 'string' && value !== '')),
];

/**
 * What a finding holds at the most: it is kept in the head of the incident, and an item of DynamoDB has 400 KB. The records
 * themselves are kept whole.
 */
const MOST = { actors: 300, addresses: 10, agents: 3, agentCharacters: 200 };

/** Everybody in the incident, with addresses and programs. */
export default {
  permissions: [],
  find: async (incident) => {
    const byKey = new Map<string, IncidentEvent[]>();
    for (const event of incident.events) byKey.set(event.actor.key, [...(byKey.get(event.actor.key) ?? []), event]);
    return [...byKey.values()].slice(0, MOST.actors).map((events): ActorFinding => {
      const [{ actor }] = events as [IncidentEvent];
      return {
        key: actor.key,
        label: actor.label,
        kind: actor.kind,
        ...(actor.arn ? { arn: actor.arn } : {}),
        addresses: distinct(events.map((event) => event.record.sourceIPAddress)).slice(0, MOST.addresses),
        userAgents: distinct(events.map((event) => event.record.userAgent?.slice(0, MOST.agentCharacters))).slice(
          0,
          MOST.agents,
        ),
      };
    });
  },
} satisfies Investigation<ActorFinding[]>;
