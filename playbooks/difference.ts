import * as z from 'zod';
import type { Incident, ManualStep } from './incident.ts';
import { clock, dayAndClock } from './report/words.ts';
import type { Section } from './response.ts';

/** As long as a text of a difference gets: names come from the account, and a table's item has its bounds. */
const MOST_TEXT = 1000;
const text = z
  .string()
  .min(1)
  .transform((value) => value.slice(0, MOST_TEXT));

/** Something that is not as it should be, as the watchdog found it by reading the state itself. */
export const difference = z.object({
  /** Tells it from any other; the same at each look. */
  key: z.string().min(1).max(MOST_TEXT),
  /** What is different, by name: `trail cordon`. */
  what: text,
  /** In what, in words: `trail cordon: logging off`. */
  words: text,
  /** The services whose calls can have made it, as records name them: `cloudtrail`. */
  services: z.array(z.string()).min(1),
  /** Where those calls are recorded, where that is not the deployment's own Region. */
  region: z.string().optional(),
  /** The action that puts it back, with its target; none where nothing can. */
  restore: z.object({ action: z.string(), target: z.unknown() }).optional(),
  /** Where nothing can: what a person does, a command each. */
  commands: z.array(z.string()).optional(),
});
export type Difference = z.infer<typeof difference>;

/** That no call is known of it, in words; those that another incident has may not be all. */
function withoutCalls({ events, claimedBy = [] }: Incident): string | undefined {
  if (events.length > 0) return undefined;
  return claimedBy.length > 0
    ? `no further call was found than those of ${claimedBy.join(', ')}`
    : 'no call was found that did it';
}

/** What of an incident's differences still stands: all, unless something explains them. */
const standing = ({ differences = [], explained }: Incident): Difference[] => (explained ? [] : differences);

/** Whether it is the watchdog's and nothing explains what it found: there is something to do, whatever the records say. */
export const isUnexplained = (incident: Pick<Incident, 'differences' | 'explained'>): boolean =>
  (incident.differences ?? []).length > 0 && incident.explained === undefined;

/** What of it still needs a person, in words. */
export const differenceReasons = (incident: Incident): string[] => {
  const left = standing(incident);
  const unknown = withoutCalls(incident);
  return [
    ...left.filter(({ restore }) => restore === undefined).map(({ words }) => `${words}: cannot be put back by itself`),
    ...(left.length > 0 && unknown ? [`${unknown}: whoever it was is not contained`] : []),
  ];
};

/** What a person must do about it. */
export const differenceSteps = (incident: Incident): ManualStep[] => {
  const left = standing(incident);
  const since = incident.since ?? incident.alarmAt;
  const unknown = withoutCalls(incident);
  return [
    ...left
      .filter(({ restore }) => restore === undefined)
      .map(({ key, words, commands = [] }) => ({ id: `difference ${key}`, what: `Put right: ${words}.`, commands })),
    ...(left.length > 0 && unknown
      ? [
          {
            id: 'who did it',
            what: `Find out who did it: event history has no such call in Region ${incident.region} since ${dayAndClock(since)}. It may come up to 15 minutes late, and calls to other Regions are not in it.`,
            commands: [
              `aws cloudtrail lookup-events --region ${incident.region} --start-time ${since} --lookup-attributes AttributeKey=ReadOnly,AttributeValue=false --max-results 50`,
            ],
          },
        ]
      : []),
  ];
};

/** What the watchdog found, for the report. */
export function differenceSection(incident: Incident): Section {
  const { differences = [], explained, since, alarmAt } = incident;
  const unknown = withoutCalls(incident);
  const who = explained
    ? [`nothing is put back: ${explained}`]
    : unknown
      ? [`${unknown.toUpperCase()} in event history: who did it is not known`]
      : [];
  return {
    heading: 'What the watchdog found',
    lines:
      differences.length === 0
        ? []
        : [
            ...differences.map(({ words }) => words),
            ...who,
            `the look before this one began at ${clock(since ?? alarmAt)}`,
          ],
  };
}
