import { actorsOf, type BacktestResult, type SubjectResult } from '../backtest.ts';

/** A result as `--json` prints it. `partial` is there only where the run was ended early. */
export function jsonReport(result: BacktestResult) {
  return {
    files: result.files,
    events: result.events,
    ...(result.complete ? {} : { partial: true }),
    problems: result.problems,
    ...(result.problemCount > result.problems.length
      ? { moreProblems: result.problemCount - result.problems.length }
      : {}),
    detections: Object.fromEntries(result.subjects.map((subject) => [subject.id, detectionOf(subject)])),
  };
}

const iso = (time: number): string => new Date(time).toISOString();

function detectionOf(subject: SubjectResult) {
  return {
    matches: subject.kept.length,
    alarms: subject.alarms.map((alarm) => ({
      time: iso(alarm.time),
      count: alarm.to - alarm.from,
      actors: actorsOf(subject, alarm),
      until: iso(alarm.until),
    })),
    ...(subject.detection
      ? {
          incidents: subject.incidents.map(({ from, to, alarmAt, would, attempts, harmless, partial }) => ({
            ...{ alarmAt, records: to - from, attempts, harmless, would },
            ...(partial ? { partial } : {}),
          })),
        }
      : {}),
    actors: subject.actors.first,
    addresses: subject.addresses.first,
  };
}
