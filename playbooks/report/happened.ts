import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { Incident } from '../incident.ts';
import type { Section } from '../response.ts';
import { clock, line } from './words.ts';

/**
 * The calls of an incident, one to a line: when, what, on what, by whom, and what became of it.
 * @param placeOf what a call is on, in words
 * @param harmOf what a call that was made did, where nothing says why it did no harm
 */
export const happened = (
  { events }: Incident,
  placeOf: (record: CloudTrailRecord) => string | undefined,
  harmOf: (record: CloudTrailRecord) => string | undefined = () => undefined,
): Section => ({
  heading: 'What happened',
  lines: events.map(({ record, actor, verdict, reason }) =>
    line(
      `${clock(record.eventTime)} ${record.eventName}`,
      placeOf(record),
      `by ${actor.label}`,
      verdict === 'attempt' ? `refused: ${record.errorCode}` : (reason ?? harmOf(record)),
    ),
  ),
});
