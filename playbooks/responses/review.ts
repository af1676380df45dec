import type { Incident, IncidentEvent, ManualStep } from '../incident.ts';
import { namedBy } from '../parameters.ts';
import { containByHand } from '../principals.ts';
import { clock, line, plural } from '../report/words.ts';
import { response } from '../response.ts';

/** Calls that are told in full; a storm of them is told by its numbers. */
const MOST_CALLS = 40;

/** The calls by what was called and by whom, with how many there were, most first. */
function tally({ events }: Incident): string[] {
  const counted = new Map<string, number>();
  for (const { record, actor, verdict } of events) {
    const refused = verdict === 'attempt' ? ' (refused or failed)' : '';
    const what = `${record.eventName ?? 'unknown call'}${refused} by ${actor.label}`;
    counted.set(what, (counted.get(what) ?? 0) + 1);
  }
  return [...counted].sort(([, a], [, b]) => b - a).map(([what, count]) => `${what}: ${plural(count, 'call')}`);
}

function callLine({ record, actor, verdict, reason }: IncidentEvent): string {
  return line(
    `${clock(record.eventTime)} ${record.eventName ?? 'unknown call'}`,
    namedBy(record),
    `by ${actor.label}`,
    `from ${record.sourceIPAddress ?? 'unknown address'}`,
    verdict === 'attempt' ? `refused: ${record.errorCode ?? record.errorMessage ?? 'it failed'}` : reason,
  );
}

const succeeded = ({ events }: Incident): boolean => events.some(({ verdict }) => verdict === 'offence');

/** Nothing was contained: whether somebody is to be is the reviewer's first question. */
const decide = (incident: Incident): ManualStep[] =>
  succeeded(incident)
    ? [
        {
          id: 'review',
          what: 'Ask those who made the calls, or look into the change’s ticket: were they meant to? If so, note it and close the task. If not, treat it as an intrusion: take the change back, and contain whoever made it.',
          commands: [`npx cordon incidents show ${incident.id} --json`],
        },
        ...containByHand(incident),
      ]
    : [];

export default response({
  title: 'Say who did what, for review',
  sparesDeployments: true,
  restore: [],
  investigate: ['actor'],
  // These are changes that an audit wants to be seen. Most are somebody's work: nobody is contained for them.
  contain: [],
  byHand: decide,
  report: (incident) => [
    { heading: 'What was done', lines: incident.events.slice(0, MOST_CALLS).map(callLine) },
    {
      heading: `All ${plural(incident.events.length, 'call')}`,
      lines: incident.events.length > MOST_CALLS ? tally(incident) : [],
    },
  ],
  subject: ({ events }) => {
    const actors = [...new Map(events.map(({ actor }) => [actor.key, actor])).values()];
    const [only] = actors;
    return only && actors.length === 1 ? only.label : plural(actors.length, 'principal');
  },
});
