import type { Head } from '../../handlers/incidents/items.ts';
import { allDetections } from '../../playbooks/catalog.ts';
import { severities } from '../../playbooks/detection.ts';
import { outcomes } from '../../playbooks/incident.ts';
import { command } from '../command.ts';
import { incidentTable } from '../incidents/views.ts';
import { count, oneOrMore, sinceTime } from '../options.ts';

const statuses = ['open', 'handed-over', 'closed'] as const;

/** `incidents list` */
export default command({
  name: 'incidents list',
  summary: 'the newest incidents',
  about: [
    'OPEN means that the playbook is at it, HANDED-OVER that it has done its part and a person must go on, CLOSED that nothing is left to do. ASKS is how many questions of it wait for an answer.',
  ],
  options: {
    status: {
      type: 'string',
      value: 'STATUS',
      about: `only these, separated by commas: ${statuses.join(', ')}`,
      is: oneOrMore(statuses),
    },
    outcome: {
      type: 'string',
      value: 'OUTCOME',
      about: `only these: ${outcomes.join(', ')}`,
      is: oneOrMore(outcomes),
    },
    severity: {
      type: 'string',
      value: 'SEVERITY',
      about: `only these: ${severities.join(', ')}`,
      is: oneOrMore(severities),
    },
    detection: {
      type: 'string',
      value: 'ID',
      about: 'only these: see detections list',
      is: oneOrMore(Object.keys(allDetections)),
    },
    since: {
      type: 'string',
      value: 'WHEN',
      about: 'opened since: a span such as 90m, 24h or 7d, or a time',
      is: sinceTime,
    },
    limit: { type: 'string', value: 'N', about: 'at most so many; 20 unless told', is: count(1000) },
    after: { type: 'string', value: 'INCIDENT', about: 'those older than this one: the next page' },
  },
  examples: [
    { command: 'npx cordon incidents list', about: 'what happened lately' },
    { command: 'npx cordon incidents list --status open,handed-over', about: 'what is not over' },
    { command: 'npx cordon incidents list --severity HIGH,CRITICAL --since 24h', about: 'last night, the bad ones' },
  ],
  run: async ({ options, desk, out }) => {
    const { ledger } = await desk();
    const { status, outcome, severity, detection, since, after, limit = 20 } = options;
    const found: Head[] = [];
    let more = false;
    for await (const head of ledger.newest({ since, after })) {
      const wanted =
        (!status || status.includes(head.status)) &&
        (!outcome || (head.outcome !== undefined && outcome.includes(head.outcome))) &&
        (!severity || severity.includes(head.severity)) &&
        (!detection || detection.includes(head.detection));
      if (!wanted) continue;
      more = found.length === limit;
      if (more) break;
      found.push(head);
    }
    if (out.json) {
      out.value(found);
      return undefined;
    }
    if (found.length === 0) {
      const filtered = [status, outcome, severity, detection, since, after].some((one) => one !== undefined);
      out.say(filtered ? 'No incidents of that kind.' : 'No incidents.');
      return undefined;
    }
    const waiting = await ledger.questions.waiting(1000);
    const asks = (id: string) => waiting.filter(({ incidentId }) => incidentId === id).length;
    out.say(incidentTable(found, asks, out));
    if (more) out.note(`There are more: add --after ${found.at(-1)?.id}`);
    return undefined;
  },
});
