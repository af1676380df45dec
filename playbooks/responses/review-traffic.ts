import type { InterfaceFound, Traffic } from '../findings.ts';
import { protocolName } from '../flow-logs.ts';
import type { Incident, ManualStep } from '../incident.ts';
import { quoted } from '../principals.ts';
import { bytes, clock, line, listed, plural } from '../report/words.ts';
import { response } from '../response.ts';
import { flowsOf, instancesBehind, interfacesBehind } from '../traffic.ts';

/** Conversations and interfaces that are told; the incident's evidence has all records. */
const MOST_LINES = 20;

const actorsOf = ({ events }: Incident) => [
  ...new Map(events.filter(({ verdict }) => verdict !== 'benign').map(({ actor }) => [actor.key, actor])).values(),
];

const conversation = ({ source, destination, port, protocol, action, ...counted }: Traffic['conversations'][number]) =>
  line(
    `${source} to ${destination}, ${protocolName(protocol)} port ${port}`,
    action === 'ACCEPT' ? 'accepted' : 'rejected',
    plural(counted.records, 'record'),
    plural(counted.packets, 'packet'),
    bytes(counted.bytes),
  );

const whose = ({ id, addresses, instance, what }: InterfaceFound): string =>
  line(`${id} (${listed(addresses)})`, instance ? `of instance ${instance}` : `of no instance: ${what ?? 'unknown'}`);

/** What was tried and what it came to, source by source. */
function bySource(incident: Incident): string[] {
  return actorsOf(incident)
    .slice(0, MOST_LINES)
    .map(({ key, label }) => {
      const flows = flowsOf(incident, key);
      const distinct = (values: string[]) => [...new Set(values)];
      const rejected = flows.filter(({ action }) => action === 'REJECT').length;
      return line(
        label,
        `${plural(flows.length - rejected, 'record')} accepted, ${rejected} rejected`,
        `to ${listed(distinct(flows.map(({ destination }) => destination)), 4)}`,
        `ports ${listed(distinct(flows.map(({ destport }) => destport)), 6)}`,
      );
    });
}

const named = (incident: Incident): InterfaceFound[] => [
  ...new Map(
    actorsOf(incident).flatMap((actor) => interfacesBehind(incident, actor).map((one) => [one.id, one])),
  ).values(),
];

function byHand(incident: Incident): ManualStep[] {
  const behind = named(incident);
  const accepted = flowsOf(incident).some(({ action }) => action === 'ACCEPT');
  const region = quoted(incident.region);
  return [
    ...(behind.length > 0
      ? [
          {
            id: 'ask',
            what: 'Ask who runs what is behind these interfaces whether the traffic was meant. If it was, suppress it; if not, approve what is proposed, and revoke the sessions of the instance’s role: isolating it does not take away what was copied from it.',
            commands: behind
              .flatMap(({ instance }) => instance ?? [])
              .map(
                (instance) =>
                  `aws ec2 describe-instances --region ${region} --instance-ids ${quoted(instance)} --query 'Reservations[].Instances[].[IamInstanceProfile.Arn,Tags]'`,
              ),
          },
        ]
      : []),
    ...(accepted && behind.length > 0
      ? [
          {
            id: 'rules',
            what: 'Look at the rules that let the traffic pass, and close what need not be open.',
            commands: behind.map(
              ({ id }) =>
                `aws ec2 describe-security-groups --region ${region} --group-ids $(aws ec2 describe-network-interfaces --region ${region} --network-interface-ids ${quoted(id)} --query 'NetworkInterfaces[].Groups[].GroupId' --output text)`,
            ),
          },
        ]
      : []),
  ];
}

export default response({
  title: 'Say who talked to what, and ask whether to isolate the instance',
  restore: [],
  investigate: ['interfaces', 'traffic'],
  contain: [
    {
      action: 'isolate-instance',
      who: 'network-address',
      attempts: true,
      mode: (incident, key) => (instancesBehind(incident, { key }).length > 0 ? 'approve' : undefined),
      decided: { words: 'proposed for the instance that the traffic came from, or that let it in' },
      targets: instancesBehind,
      question: (incident) =>
        `its role’s credentials, where it has one, are not taken back by this; ${plural(flowsOf(incident).length, 'flow record')} of this incident`,
    },
  ],
  unresolved: (incident) =>
    incident.findings.interfaces === undefined && incident.events.length > 0
      ? ['whose the network interfaces are could not be found out']
      : [],
  byHand,
  report: (incident) => {
    const { traffic } = incident.findings;
    const behind = named(incident);
    return [
      { heading: 'Where it came from', lines: bySource(incident) },
      { heading: 'What is behind it in this account', lines: behind.slice(0, MOST_LINES).map(whose) },
      {
        heading: 'Who talked to what',
        lines: traffic
          ? [
              `The flow logs of these interfaces from ${clock(traffic.from)} to ${clock(traffic.to)}: ${plural(traffic.records, 'record')}${traffic.more ? ', and there are more' : ''}`,
              ...(traffic.odd > 0
                ? [`${plural(traffic.odd, 'log event')} could not be read as a flow log record`]
                : []),
              ...traffic.conversations.slice(0, MOST_LINES).map(conversation),
            ]
          : [],
      },
    ];
  },
  subject: (incident) => {
    const [first, ...more] = named(incident);
    if (first && more.length === 0) return first.instance ? `instance ${first.instance}` : first.id;
    if (first) return plural(more.length + 1, 'interface');
    const actors = actorsOf(incident);
    return actors.length === 1 ? (actors[0]?.label ?? 'traffic') : `${actors.length} addresses`;
  },
});
