import type { Incident, Outcome } from './incident.ts';
import type { Response } from './response.ts';

/**
 * Why an incident still needs a person, each in words; empty when everything that had to be done is done and read back.
 */
export function openReasons(incident: Incident, response: Response): string[] {
  return [
    ...incident.failures.map((failure) => `step ${failure.step} failed: ${failure.error}`),
    ...incident.actions.flatMap((action) => {
      switch (action.status) {
        case 'failed':
          return [`${action.title} (${action.label}) failed: ${action.reason ?? 'reason unknown'}`];
        case 'captured':
        case 'contained':
        case 'planned':
          return [`${action.title} (${action.label}) is not verified`];
        case 'withheld':
          return [`${action.title} (${action.label}) was withheld: ${action.reason ?? 'protected'}`];
        default:
          return [];
      }
    }),
    ...(response.unresolved?.(incident) ?? []),
  ];
}

/** How an incident stands. Contained is only what was changed and read back, with nothing left open. */
export function outcomeOf(incident: Incident, response: Response): Outcome {
  const offences = incident.events.some((event) => event.verdict === 'offence');
  const attempts = incident.events.some((event) => event.verdict === 'attempt');
  const contained = incident.actions.some((action) => action.contains && action.status === 'verified');
  const proposed = incident.actions.some((action) => action.status === 'proposed');
  if (openReasons(incident, response).length > 0) return 'needs-analyst';
  if (contained) return 'contained';
  if (offences)
    return incident.actions.some((action) => action.status === 'not-needed') ? 'contained' : 'needs-analyst';
  if (proposed) return 'needs-analyst';
  return attempts ? 'attempt' : 'benign';
}
