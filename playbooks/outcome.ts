import { differenceReasons, isUnexplained } from './difference.ts';
import type { ActionRecord, Incident, Outcome } from './incident.ts';
import type { Response } from './response.ts';

/**
 * Why an incident still needs a person, each in words; empty when everything that had to be done is done and read back.
 */
export function openReasons(incident: Incident, response: Response): string[] {
  return [...failureReasons(incident), ...differenceReasons(incident), ...(response.unresolved?.(incident) ?? [])];
}

/** Those that no mode explains: something failed, was withheld, or is not for a playbook to do. */
function failureReasons(incident: Incident): string[] {
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
        case 'proposed':
          // What its response would have done at once is missing; what it leaves to a person anyway is an offer.
          return action.held ? [`${action.title} (${action.label}) waits for a decision`] : [];
        default:
          return [];
      }
    }),
  ];
}

/** How an incident stands. Contained is only what was changed and read back, with nothing left open. */
export function outcomeOf(incident: Incident, response: Response): Outcome {
  const stands = (status: ActionRecord['status']) =>
    incident.actions.some((action) => action.contains && action.status === status);
  const offences = incident.events.some((event) => event.verdict === 'offence');
  const attempts = incident.events.some((event) => event.verdict === 'attempt');
  const contained = stands('verified');
  const proposed = incident.actions.some((action) => action.status === 'proposed');
  const open = openReasons(incident, response).length > 0;
  if (failureReasons(incident).length > 0) return isAnswered(incident) ? 'resolved' : 'needs-analyst';
  // What a person took back, or a mode held back, is why things are as they are: both are decisions, and no containment.
  if (stands('undone')) return 'undone';
  if (stands('monitored')) return 'monitored';
  if (open) return isAnswered(incident) ? 'resolved' : 'needs-analyst';
  if (contained) return 'contained';
  // An analyst has decided that it stays as it is.
  if (stands('rejected')) return 'declined';
  if (offences || isUnexplained(incident))
    return incident.actions.some((action) => action.status === 'not-needed') ? 'contained' : 'needs-analyst';
  if (proposed) return 'needs-analyst';
  return attempts ? 'attempt' : 'benign';
}

/** Whatever was asked of analysts they have answered, and some of it they have done themselves. */
const isAnswered = ({ questions, actions }: Incident): boolean =>
  questions.some(({ kind, answers }) => kind === 'task' && answers.length > 0) &&
  questions.every(({ status }) => status !== 'open' && status !== 'timed-out') &&
  !actions.some(({ status }) => status === 'planned' || status === 'captured' || status === 'contained');
