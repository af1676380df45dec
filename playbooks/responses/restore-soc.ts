import type { CloudTrailRecord } from '../cloudtrail.ts';
import { type Incident, isOffence, type ManualStep } from '../incident.ts';
import { containByHand, notContained, quoted, revokeSessions } from '../principals.ts';
import { happened } from '../report/happened.ts';
import { type Known, type Response, response, type Target } from '../response.ts';
import { SIMULATION_PREFIX } from '../simulation.ts';
import { busOf, type SocPart, socPartsOf } from '../soc.ts';

/** Calls that may as well put a thing as it is: what it is like then says whether they did harm. */
const MAY_BE_HARMLESS = /^Put(MetricAlarm|Rule|Targets)$|^UpdateStateMachine$|^PutRolePolicy$/;

/** The things of one kind that those records name, each once, in the shape that its action takes. */
const partsOf =
  (kind: SocPart['kind'], aim: (part: SocPart, record: CloudTrailRecord) => object) =>
  (records: CloudTrailRecord[]): Target[] => {
    const found = new Map<string, { target: object; harmless: boolean; because: string[] }>();
    for (const record of records) {
      for (const part of socPartsOf(record).filter((one) => one.kind === kind)) {
        const target = aim(part, record);
        const key = JSON.stringify(target);
        const before = found.get(key);
        const harmless = (before?.harmless ?? true) && MAY_BE_HARMLESS.test(record.eventName ?? '');
        found.set(key, { target, harmless, because: [...(before?.because ?? []), record.eventID] });
      }
    }
    return [...found.values()].map(({ target, harmless, because }) => ({
      target: { ...target, seen: { harmless } },
      because,
    }));
  };

const restore: Response['restore'] = [
  { action: 'restore-alarm', targets: partsOf('alarm', ({ name }) => ({ alarm: name })) },
  {
    action: 'restore-rule',
    targets: partsOf('rule', ({ name }, record) => {
      const bus = busOf(record);
      return { rule: name, ...(bus ? { bus } : {}) };
    }),
  },
  { action: 'restore-playbook', targets: partsOf('playbook', ({ name }) => ({ playbook: name })) },
  { action: 'restore-own-role', targets: partsOf('role', ({ name }) => ({ ownRole: name })) },
];

function harmless(record: CloudTrailRecord, { baselines }: Known): string | undefined {
  const [part] = socPartsOf(record);
  if (record.eventName === 'DeleteRole' && part?.name.startsWith(SIMULATION_PREFIX)) {
    return 'the end of a simulation, which takes away the role that it made';
  }
  const delivers = baselines.some(({ state }) => state.settings.role?.endsWith(`/${part?.name}`));
  return part?.kind === 'role' && delivers
    ? 'a trail delivers with that role: the incident of what the trail delivers through treats it'
    : undefined;
}

const isAnswered = ({ eventID }: CloudTrailRecord, { actions }: Incident): boolean =>
  actions.some(({ action, because }) => restore.some((one) => one.action === action) && because.includes(eventID));

const placeOf = (record: CloudTrailRecord): string | undefined =>
  socPartsOf(record)
    .map(({ kind, name }) => (kind === 'ledger' ? `ledger ${name}` : `${kind} ${name}`))
    .join(', ') || undefined;

/** How a thing that no action puts back is put right by hand. */
const BY_HAND: Partial<Record<SocPart['kind'], (name: string, incident: Incident) => ManualStep>> = {
  topic: (name) => ({
    what: `Look at the topic ${name}: where it is gone nobody is mailed. Its policy must let cloudwatch.amazonaws.com publish, and each address must be subscribed again and confirm.`,
    commands: [
      `aws sns get-topic-attributes --topic-arn ${quoted(name)}`,
      `aws sns create-topic --name ${quoted(name.split(':').at(-1) ?? name)}`,
      `aws sns subscribe --topic-arn ${quoted(name)} --protocol email --notification-endpoint ADDRESS`,
    ],
  }),
  subscription: (name) => ({
    what: `Subscribe who was subscribed by ${name} again, and have them confirm.`,
    commands: [
      `aws sns list-subscriptions-by-topic --topic-arn ${quoted(name.split(':').slice(0, 6).join(':'))}`,
      `aws sns subscribe --topic-arn ${quoted(name.split(':').slice(0, 6).join(':'))} --protocol email --notification-endpoint ADDRESS`,
    ],
  }),
  execution: (name) => ({
    what: `The playbook ${name} was stopped: see how far it came, and let it go on.`,
    commands: [
      `aws stepfunctions get-execution-history --execution-arn ${quoted(name)} --reverse-order --max-results 20`,
      `aws stepfunctions redrive-execution --execution-arn ${quoted(name)}`,
    ],
  }),
  function: (name) => ({
    what: `Put the function ${name} right. Its code may be somebody else’s: deploy it anew under another asset, and lift a limit of its concurrency.`,
    commands: [
      `aws lambda get-function --function-name ${quoted(name)}`,
      `aws lambda delete-function-concurrency --function-name ${quoted(name)}`,
      'npx cdk deploy --all --force',
      'npx cordon doctor',
    ],
  }),
  ledger: (name) => ({
    what: `Protect the ledger ${name} again. Where it is deleted, restore it to the second before, under its name.`,
    commands: [
      `aws dynamodb update-table --table-name ${quoted(name)} --deletion-protection-enabled`,
      `aws dynamodb update-continuous-backups --table-name ${quoted(name)} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
      `aws dynamodb restore-table-to-point-in-time --source-table-name ${quoted(name)} --target-table-name ${quoted(name)} --restore-date-time TIME`,
    ],
  }),
  evidence: (name) => ({
    what: `Protect the evidence bucket ${name} again: versioning on, its policy as deployed, no lifecycle that expires anything.`,
    commands: [
      `aws s3api put-bucket-versioning --bucket ${quoted(name)} --versioning-configuration Status=Enabled`,
      `aws s3api get-bucket-policy --bucket ${quoted(name)}`,
      `aws s3api delete-bucket-lifecycle --bucket ${quoted(name)}`,
    ],
  }),
  'log group': (name) => ({
    what: `Look at the log group ${name} and its metric filters: alarms on cordon itself are made of them.`,
    commands: [`aws logs describe-metric-filters --log-group-name ${quoted(name)}`, 'npx cordon doctor'],
  }),
  stack: (name) => ({
    what: `The stack ${name} was to be deleted. See what is left, and deploy it again.`,
    commands: [`aws cloudformation describe-stacks --stack-name ${quoted(name)}`, 'npx cdk deploy --all'],
  }),
};

function byHand(incident: Incident): ManualStep[] {
  const parts = new Map<string, SocPart>();
  for (const { record } of incident.events.filter(isOffence)) {
    for (const part of socPartsOf(record)) parts.set(`${part.kind} ${part.name}`, part);
  }
  return [...parts].flatMap(([key, { kind, name }]) => {
    const step = BY_HAND[kind]?.(name, incident);
    return step ? [{ id: key, ...step }] : [];
  });
}

export default response({
  title: 'Restore what detects and answers, and contain who switched it off',
  sparesDeployments: true,
  harmless,
  restore,
  investigate: ['actor', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto' },
    revokeSessions,
  ],
  byHand: (incident) => [...byHand(incident), ...containByHand(incident)],
  unresolved: (incident) => [
    ...incident.events
      .filter((event) => isOffence(event) && !isAnswered(event.record, incident))
      .map(({ record }) => `${record.eventName} on ${placeOf(record) ?? 'cordon'}: cannot be put back by itself`),
    ...notContained(incident),
  ],
  report: (incident) => [happened(incident, placeOf)],
  subject: (incident) => incident.events.map(({ record }) => placeOf(record)).find(Boolean) ?? 'cordon itself',
});
