import type { AnyDetection } from '../../playbooks/detection.ts';
import type { Attack } from '../../simulate/attack.ts';
import { block, code, link, list, paragraph } from './markdown.ts';

/** How to try a playbook: on the local AWS, with the attack that plays its detection, and on an account. */
export function exerciseLines(own: readonly [string, AnyDetection][], attacks: readonly Attack[]): string[] {
  const played = own.flatMap(([id]) => attacks.filter(({ detection }) => detection === id));
  return [
    '## How to exercise it',
    '',
    ...(played.length > 0
      ? [
          ...paragraph('On a local AWS, with real calls, without an account:'),
          ...block(
            'sh',
            played.map(({ detection }) => `npm run demo -- --only ${detection}`),
          ),
          ...list(
            played.map(
              ({ detection, title, expected }) =>
                `${code(detection)}: ${title}. It must end as ${expected.severity}, ${code(expected.outcome)}.`,
            ),
          ),
        ]
      : []),
    ...(own.every(([, { source }]) => source === 'guardduty')
      ? paragraph(
          `On a local AWS started with ${code('npm run local -- --packs guardduty')}, put a finding onto the bus: ${code('POST $AWS_ENDPOINT_URL/_cordon/guardduty-finding')}, with the finding as JSON. On an account ${code('aws guardduty create-sample-findings --detector-id DETECTOR_ID')} makes one of each type: they are reported, and nothing is contained.`,
        )
      : paragraph(onAccount(own))),
  ];
}

const onAccount = (own: readonly [string, AnyDetection][]): string =>
  `On an account: deploy with ${code(`-c modes=${own.map(([id]) => `${id}=monitor`).join(',')}`)}, cause one of the records above from a principal of your own, and see that the alarm, the incident and the mail follow. Nothing is changed then. ${link('Begin in a test account', '../../README.md#put-it-on-an-aws-account')}.`;
