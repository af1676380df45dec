import type { Traffic } from '../../playbooks/findings.ts';
import { flowOf } from '../../playbooks/flow-logs.ts';
import { oneOf } from '../../playbooks/matching/match.ts';
import { flowsOf } from '../../playbooks/traffic.ts';
import { readFlowLogsPermissions, searchLogs } from '../logs.ts';
import type { Investigation } from './investigation.ts';

/** How long before the first record it is looked at what else the interfaces did. */
const BEFORE_MS = 15 * 60_000;
/** A busy interface's records need not all be read to say whom it talks to. */
const BOUNDS = { records: 5_000, pages: 50 };
/** A pattern has so many interfaces at most: the first ones stand for the others. */
const MOST_INTERFACES = 20;
const MOST_CONVERSATIONS = 50;

/** Who talked to what in the time around, by the flow logs of the interfaces that the records name. */
export default {
  asks: 'Who talked to what in the quarter of an hour before and until now, by the flow logs of these interfaces',
  permissions: [readFlowLogsPermissions],
  find: async (incident, context) => {
    const flows = flowsOf(incident);
    const first = Math.min(
      ...incident.events.map(({ record }) => Date.parse(record.eventTime)),
      Date.parse(incident.alarmAt),
    );
    const [from, to] = [new Date(first - BEFORE_MS), new Date(context.now().getTime() + 60_000)];
    const enis = [...new Set(flows.map(({ eni }) => eni))].slice(0, MOST_INTERFACES);
    const between = { from: from.toISOString(), to: to.toISOString() };
    if (enis.length === 0) return { ...between, conversations: [], records: 0, odd: 0, more: false };
    const { records, odd, more } = await searchLogs('flow-logs', oneOf('eni', enis), { from, to }, context, BOUNDS);
    const conversations = new Map<string, Traffic['conversations'][number]>();
    for (const flow of records.flatMap((record) => flowOf(record) ?? [])) {
      const { source, destination, destport: port, protocol, action, packets, bytes } = flow;
      const key = [source, destination, port, protocol, action].join(' ');
      const known = conversations.get(key);
      const one = known ?? { ...{ source, destination, port, protocol, action }, records: 0, packets: 0, bytes: 0 };
      one.records += 1;
      one.packets += Number(packets);
      one.bytes += Number(bytes);
      conversations.set(key, one);
    }
    const most = [...conversations.values()].sort((a, b) => b.bytes - a.bytes).slice(0, MOST_CONVERSATIONS);
    return { ...between, conversations: most, records: records.length, odd, more };
  },
} satisfies Investigation<Traffic>;
