import type { Step } from '../../console/library.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import { differenceSteps } from '../../playbooks/difference.ts';
import type { Incident, Outcome } from '../../playbooks/incident.ts';
import { approvalOf, taskOf } from '../../playbooks/question.ts';
import {
  bucketBenign,
  bucketOpened,
  rootUsed,
  signInsGuessed,
  trailAttempt,
  trailFoundStopped,
  trailStopped,
} from '../playbooks/incidents.ts';
import type { FakeLibrary } from './fake-library.ts';

const DAY = 86_400_000;
const OPENED = Date.parse('2026-05-01T03:01:13.020Z');
const at = (second: number): string => new Date(OPENED + second * 1000).toISOString();

/** The steps of a playbook that waits for its alarm to be quiet: name, type, seconds of entry and exit. */
const steps: Step[] = (
  [
    ['Claim', 'Task', 0, 0.4],
    ['New?', 'Choice', 0.4, 0.4],
    ['Collect', 'Task', 0.4, 2],
    ['Anything new?', 'Choice', 2, 2],
    ['Restore', 'Map', 2, 6],
    ['Restore: which action?', 'Choice', 2, 2],
    ['Restore: block-public-access', 'Task', 2, 4],
    ['Restore: verify block-public-access', 'Task', 4, 6],
    ['All restored?', 'Choice', 6, 6],
    ['Investigate', 'Task', 6, 8],
    ['Contain', 'Map', 8, 9.7],
    ['All contained?', 'Choice', 9.7, 9.7],
    ['Ask', 'Task', 9.7, 10.2],
    ['Summarize', 'Task', 10.2, 11],
    ['More to come?', 'Choice', 11, 11],
    ['Wait before looking again', 'Wait', 11, undefined],
  ] as const
).map(([state, type, from, to]) => ({
  ...{ state, type, enteredAt: at(from) },
  ...(to === undefined ? {} : { exitedAt: at(to) }),
}));

/** The same incident, so many ms later, and its containment `slower` ms later than that. */
function moved(incident: Incident, ms: number, slower: number): Incident {
  const later = (iso: string, more = 0) => new Date(Date.parse(iso) + ms + more).toISOString();
  return {
    ...incident,
    openedAt: later(incident.openedAt),
    alarmAt: later(incident.alarmAt, slower / 2),
    events: incident.events.map((event) => ({
      ...event,
      record: { ...event.record, eventTime: later(event.record.eventTime).replace('.000Z', 'Z') },
    })),
    actions: incident.actions.map((action) => ({
      ...action,
      at: Object.fromEntries(Object.entries(action.at).map(([status, time]) => [status, later(time, slower)])),
    })),
  };
}

/**
 * Puts two months of incidents into a library: one of them open, with an approval and a manual step, and one that the
 * watchdog found.
 * @returns the ids of those two
 */
export async function keepSamples(library: FakeLibrary): Promise<{ opened: string; found: string }> {
  library.runs = { status: 'RUNNING', steps, cut: false };
  library.checks = [
    { check: 'trail', state: 'ok', says: 'the trail cordon is logging, last delivery 2 minutes ago' },
    {
      check: 'mails',
      state: 'todo',
      says: 'cordon-mails tells NOBODY',
      todo: [
        'aws sns subscribe --topic-arn arn:aws:sns:us-east-1:111122223333:cordon-mails --protocol email --notification-endpoint soc@example.com',
      ],
    },
    { check: 'alarms', state: 'ok', says: '4 alarms are there, act, and mail' },
    { check: 'alarms', state: 'info', says: 'cordon-s3-public-exposure is in ALARM since 2026-05-01T03:01:12.000Z' },
  ];
  const kinds: [() => Incident, Outcome][] = [
    [trailStopped, 'contained'],
    [trailAttempt, 'attempt'],
    [bucketBenign, 'benign'],
    [signInsGuessed, 'contained'],
    [rootUsed, 'needs-analyst'],
  ];
  for (let round = 0; round < 12; round += 1) {
    for (const [index, [make, outcome]] of kinds.entries()) {
      const incident = moved(make(), -(round * 5.3 + 0.2) * DAY - index * 7_000_000, round * 9_000);
      const id = `${incident.detection}-${incident.openedAt.replace(/\D/g, '').slice(0, 14)}-${round}${index}fa`;
      const marked = { by: library.who.arn, at: incident.openedAt, note: 'the monthly drill' };
      await library.keep({
        ...incident,
        ...{ id, outcome, status: index === 4 && round < 2 ? 'handed-over' : 'closed' },
        ...(index === 1 && round % 3 === 0 ? { marked: { as: 'false-positive', ...marked } } : {}),
      });
    }
  }
  const canary = { eventID: 'canary', arrivedAt: new Date(library.now.getTime() - 240_000).toISOString() };
  const sent = (seconds: number) => new Date(Date.parse(canary.arrivedAt) - seconds * 1_000).toISOString();
  await library.ledger.canaries.arrived('alarm', { ...canary, sentAt: sent(312) });
  await library.ledger.canaries.arrived('event', { ...canary, sentAt: sent(3.4) });
  const opened = bucketOpened();
  const [closed, , proposed] = opened.actions;
  opened.events = opened.events.map((event) => ({ ...event, deliveredAt: '2026-05-01T03:01:02.000Z' }));
  if (!closed || !proposed) throw new TypeError('The sample has no actions.');
  Object.assign(closed, {
    at: { planned: at(2), captured: at(2.3), contained: at(3.1), verified: at(4.9) },
    before: { block: null },
    after: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
  });
  Object.assign(proposed, {
    beforeWords: 'access key AKIAEXAMPLE7MALLORY7 active, not denied anything by cordon',
    commands: ['aws iam update-access-key --user-name mallory --access-key-id AKIAEXAMPLE7MALLORY7 --status Inactive'],
  });
  await library.keep({ ...opened, outcome: 'contained' }, [
    approvalOf(proposed, opened, actions[proposed.action]?.blastRadius ?? ''),
    taskOf({
      what: 'Ask the owner of bucket reports whether strangers have read it.',
      commands: ['aws s3api get-bucket-tagging --bucket reports'],
    }),
  ]);
  const found = moved(trailFoundStopped(), -20 * 60_000, 0);
  found.id = 'trail-tampering-20260501-024113-77d0';
  await library.keep({ ...found, outcome: 'needs-analyst', status: 'handed-over' }, differenceSteps(found).map(taskOf));
  return { opened: opened.id, found: found.id };
}
