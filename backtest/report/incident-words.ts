import type { AlarmTime } from '../../playbooks/alarm-times.ts';
import { plural } from '../../playbooks/report/words.ts';
import { actorsOf, type SubjectResult } from '../backtest.ts';
import type { PastIncident } from '../incidents.ts';

const verbs = { auto: 'done', approve: 'proposed', monitor: 'noted' } as const;

/** What a playbook would have done in an incident, each to be read behind `would have`. Records' texts are in it as they stand. */
export function wouldHave({ would, harmless, attempts, from, to, partial }: PastIncident): string[] {
  if (would.length > 0) return would.map(({ action, mode, target }) => `${verbs[mode]} ${action}: ${target}`);
  // Without all of its records nobody can tell that it was left alone.
  if (partial) return [];
  const isHarmless = harmless > 0 && harmless + attempts >= to - from;
  return [isHarmless ? 'closed it as harmless' : 'reported it, and left it to a person'];
}

/** Said below what a playbook would have done, where that is perhaps not all. */
export const MAY_BE_MORE = 'not all of its records are kept: the playbook may have done more';

/** How large an incident is, where it has other records than its alarm counts: `14 records` and `7 actors`. */
export function incidentSize(
  subject: SubjectResult,
  alarm: AlarmTime,
  incident: PastIncident | undefined,
): { records: string; actors: string } | undefined {
  if (!incident || (incident.from === alarm.from && incident.to === alarm.to)) return undefined;
  return {
    records: plural(incident.to - incident.from, 'record'),
    actors: plural(actorsOf(subject, incident).length, 'actor'),
  };
}
