import {
  type Arrival,
  CANARY_EVERY,
  CANARY_LATE,
  CANARY_MISSING,
  isOverdue,
  latencyOf,
} from '../../playbooks/canary.ts';
import { dayAndClock, span } from '../../playbooks/report/words.ts';
import { type Check, info, ok, todo } from './check.ts';
import { ofType } from './installation.ts';

/** The harmless call that shows, every few minutes, that a record still leads to a playbook. */
export const canaryCheck: Check = {
  id: 'canary',
  run: async (installation, now) => {
    const { prefix, ledger } = installation.reader;
    if (!ofType(installation, 'AWS::Events::Rule').some(({ properties }) => properties.Name === `${prefix}-canary`)) {
      return [info('not deployed; show by hand that it works: npx cordon simulate trail-tampering')];
    }
    const { alarm, event } = await ledger.canaries.last();
    if (!alarm) {
      return [
        todo(
          `none has come through yet; the first is sent within ${CANARY_EVERY} minutes of the deployment, and CloudTrail takes five or more`,
          ...send(prefix),
        ),
      ];
    }
    const came = `the last one, sent ${dayAndClock(alarm.sentAt)}, took ${span(latencyOf(alarm))} to its playbook by the alarm`;
    const byEvent = event ? `; by its event it took ${span(latencyOf(event))}` : '; by its event none has come';
    if (!isOverdue(alarm, now)) return [ok(`${came}${byEvent}`)];
    return [
      todo(
        `${late(alarm, now)}: attacks may start no playbook just now; ${came}`,
        'Look at what else is to do here.',
        ...send(prefix),
      ),
    ];
  },
};

const late = (arrival: Arrival, now: Date): string =>
  latencyOf(arrival) > CANARY_LATE * 60_000
    ? 'IT IS LATE'
    : `NONE HAS COME THROUGH for ${span(now.getTime() - Date.parse(arrival.arrivedAt))}, and more than ${CANARY_MISSING} minutes is too long`;

const send = (prefix: string): string[] => [
  `Send one, and look again some minutes later: aws lambda invoke --function-name ${prefix}-send-canary --payload '{}' /dev/stdout`,
];
