import type { AnyDetection } from '../../playbooks/detection.ts';
import type { Attack } from '../../simulate/attack.ts';
import { scenarios } from '../../simulate/catalog.ts';
import { block, code, codes, link, list, paragraph } from './markdown.ts';

/** How to try a playbook: with the scenarios that play its detections, and by hand what none plays. */
export function exerciseLines(own: readonly [string, AnyDetection][]): string[] {
  const played = own.flatMap(([id]) => scenarios.filter(({ detection }) => detection === id));
  const others = own.filter(([id]) => !played.some(({ detection }) => detection === id));
  const rest = own.every(([, { source }]) => source === 'guardduty')
    ? findings(own)
    : byHand(others, played.length > 0);
  return ['## How to exercise it', '', ...simulations(played, own), ...rest];
}

function simulations(played: readonly Attack[], own: readonly [string, AnyDetection][]): string[] {
  if (played.length === 0) return [];
  const packs = [...new Set(own.flatMap(([, { pack }]) => pack ?? []))].join(',');
  const start = packs ? `npm run local -- --packs ${packs}` : 'npm run local';
  return [
    ...paragraph('By real calls, on things that are made for it and taken away again:'),
    ...block(
      'sh',
      played.map(({ detection }) => `npx cordon simulate ${detection}`),
    ),
    ...paragraph(
      'It tells each step: what the attacker does, the incident that comes of it, each action as it is done and read back. Then it tries out that the containment holds, says whether all came as it must, cleans up, also when it is interrupted, and answers the questions that the incident left. The mails come as in an attack: tell who gets them.',
    ),
    ...played.flatMap(scenario),
    ...paragraph(
      `On an account it asks for the account’s id first, and its incident comes some minutes later, as CloudTrail delivers. It takes credentials that may make IAM users${packs.includes('credentials') ? ', of a protected principal: of others the pack takes the new user’s key back' : ''}. Without an account, on a local AWS, where all of it takes seconds:`,
    ),
    ...block('sh', [
      start,
      '# in another terminal, as somebody who may make users',
      'eval "$(npm run --silent local -- env --as account-admin)"',
      `npx cordon simulate ${played[0]?.detection}`,
    ]),
  ];
}

function scenario({ detection, title, plan, expected, notOnAws = [], leavesOut }: Attack): string[] {
  const where = notOnAws.length > 0 ? ', on a local AWS only' : '';
  return [
    ...paragraph(
      `${code(detection)}${where}. ${title}. It must end as ${expected.severity}, ${code(expected.outcome)}:`,
    ),
    ...list([...plan]),
    ...(notOnAws.length > 0 ? [...paragraph('On an account:'), ...list(notOnAws.map((line) => line.trim()))] : []),
    ...(leavesOut
      ? [
          ...paragraph(`${leavesOut.what}. On a local AWS you can be the attacker, and see it:`),
          ...block('sh', ['eval "$(npm run --silent local -- env --as intruder)"', ...leavesOut.commands]),
        ]
      : []),
  ];
}

/** What no scenario plays: with the playbook held back, a record of one's own. */
function byHand(others: readonly [string, AnyDetection][], besides: boolean): string[] {
  if (others.length === 0) return [];
  const [[first] = ['ID']] = others;
  return paragraph(
    `${unplayed(others)}${besides ? `: ${others.length === 1 ? 'it starts' : 'they start'} the same playbook` : ''}. To see one on an account, deploy with ${code(`-c modes=${first}=monitor`)}, cause one of the records above from a principal of your own, and see that the alarm, the incident and the mail follow. Nothing is changed then. ${link('Begin in a test account', '../../README.md#put-it-on-an-aws-account')}.`,
  );
}

const unplayed = (others: readonly [string, AnyDetection][]): string =>
  `No scenario plays ${codes(others.map(([id]) => id))}`;

const findings = (own: readonly [string, AnyDetection][]): string[] =>
  paragraph(
    `${unplayed(own)}: only GuardDuty finds. On a local AWS started with ${code('npm run local -- --packs guardduty')}, put a finding onto the bus: ${code('POST $AWS_ENDPOINT_URL/_cordon/guardduty-finding')}, with the finding as JSON. On an account ${code('aws guardduty create-sample-findings --detector-id DETECTOR_ID')} makes one of each type: they are reported, and nothing is contained.`,
  );
