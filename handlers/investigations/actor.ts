import type { ActorFinding } from '../../playbooks/findings.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import { groupBy } from '../group-by.ts';
import type { Investigation } from './investigation.ts';

const distinct = (values: (string | null | undefined)[]): string[] => [
  ...new Set(values.filter((value): value is string => typeof value === 'string' && value !== '')),
];

/** Programs of one actor that are told, and characters of each: a caller may name it as long as he likes. */
const MOST = { agents: 3, agentCharacters: 200 };

/** Everybody in the incident, with addresses and programs. */
export default {
  asks: 'Who did it, from which addresses and with which programs',
  permissions: [],
  find: async (incident) => {
    const byKey = groupBy(incident.events, ({ actor }) => actor.key);
    return [...byKey.values()].map((events): ActorFinding => {
      const [{ actor }] = events as [IncidentEvent];
      return {
        key: actor.key,
        label: actor.label,
        kind: actor.kind,
        ...(actor.arn ? { arn: actor.arn } : {}),
        addresses: distinct(events.map((event) => event.record.sourceIPAddress)),
        userAgents: distinct(events.map((event) => event.record.userAgent?.slice(0, MOST.agentCharacters))).slice(
          0,
          MOST.agents,
        ),
      };
    });
  },
} satisfies Investigation<ActorFinding[]>;
