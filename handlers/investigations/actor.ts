import type { ActorFinding } from '../../playbooks/findings.ts';
import type { IncidentEvent } from '../../playbooks/incident.ts';
import type { Investigation } from './investigation.ts';

const distinct = (values: (string | null | undefined)[]): string[] => [
  ...new Set(values.filter((value): value is string => typeof value === 'string' && value !== '')),
];

/** Everybody in the incident, with addresses, programs and calls. */
export default {
  permissions: [],
  find: async (incident) => {
    const byKey = new Map<string, IncidentEvent[]>();
    for (const event of incident.events) byKey.set(event.actor.key, [...(byKey.get(event.actor.key) ?? []), event]);
    return [...byKey.values()].map((events): ActorFinding => {
      const [{ actor }] = events as [IncidentEvent];
      return {
        key: actor.key,
        label: actor.label,
        kind: actor.kind,
        ...(actor.arn ? { arn: actor.arn } : {}),
        addresses: distinct(events.map((event) => event.record.sourceIPAddress)),
        userAgents: distinct(events.map((event) => event.record.userAgent)),
        calls: events.map(({ record, verdict }) => ({
          time: record.eventTime,
          call: record.eventName ?? 'unknown call',
          address: record.sourceIPAddress ?? 'unknown address',
          verdict,
          ...(record.errorCode ? { error: record.errorCode } : {}),
        })),
      };
    });
  },
} satisfies Investigation<ActorFinding[]>;
