import type { Actor } from '../actor.ts';
import type { CloudTrailRecord } from '../cloudtrail.ts';
import { type Incident, isOffence, type ManualStep } from '../incident.ts';
import { textOf } from '../parameters.ts';
import { containByHand, quoted } from '../principals.ts';
import { bucketsOf, findingOf, instanceOf } from './finding.ts';

/** An instance that findings are about, in the account that is watched, as the action that isolates one takes it. */
export interface FoundInstance {
  instance: string;
  region: string;
  account: string;
}

/** Found in the account itself: a delegated administrator also gets what is found in the others. */
export const isOfAccount = ({ recipientAccountId }: CloudTrailRecord, account: string): boolean =>
  recipientAccountId === account;

/** The instances of this account that findings are about, each once: those about one actor, or all. */
export function instancesOf({ events, account, region }: Incident, actor?: Pick<Actor, 'key'>): FoundInstance[] {
  const found = new Map<string, FoundInstance>();
  for (const { record } of events.filter((one) => isOffence(one) && (!actor || one.actor.key === actor.key))) {
    const instance = instanceOf(findingOf(record) ?? {});
    if (!instance || !isOfAccount(record, account)) continue;
    found.set(instance, { instance, region: record.awsRegion ?? region, account });
  }
  return [...found.values()];
}

/**
 * Isolating an instance takes away neither what was copied from it nor the credentials of its role.
 * https://docs.aws.amazon.com/guardduty/latest/ug/compromised-ec2.html
 */
const lookInto = ({ instance, region }: FoundInstance): ManualStep => ({
  id: `look into ${instance}`,
  what: `Ask who runs instance ${instance} whether this was meant. If it was not, keep the instance and its disks for whoever looks into it, and revoke the sessions of its role: isolating it does not take those away.`,
  commands: [
    `aws ec2 describe-instances --region ${region} --instance-ids ${instance} --query 'Reservations[].Instances[].[IamInstanceProfile.Arn,BlockDeviceMappings,Tags]'`,
    `aws ec2 modify-instance-attribute --region ${region} --instance-id ${instance} --disable-api-termination`,
  ],
});

/** The commands that show a finding in GuardDuty, and that put it away when all is done. */
export function findingCommands(record: CloudTrailRecord): { show: string; archive: string } {
  const finding = findingOf(record);
  const detector = quoted(textOf(finding?.service?.detectorId) ?? 'DETECTOR_ID');
  const where = `--region ${quoted(record.awsRegion ?? 'REGION')} --detector-id ${detector} --finding-ids ${quoted(finding?.id ?? 'FINDING_ID')}`;
  return { show: `aws guardduty get-findings ${where}`, archive: `aws guardduty archive-findings ${where}` };
}

const placeIn = (finding: ReturnType<typeof findingOf>): string =>
  finding?.resource?.resourceType ?? 'something that the finding does not name';

/** What was found in another account is contained there. */
const elsewhere = (record: CloudTrailRecord): ManualStep => ({
  id: `elsewhere ${record.recipientAccountId}`,
  what: `This was found in account ${record.recipientAccountId}, and is not contained from here: contain it there, by the playbook of that account where cordon is deployed in it.`,
  commands: [findingCommands(record).show],
});

/** Whoever reads a bucket that strangers found is let in by what the bucket allows. */
const lookAtBucket = (bucket: string, region: string): ManualStep => ({
  id: `look at ${bucket}`,
  what: `Find out what was read from or written to bucket ${bucket}, and take back what should not be there. Where data events are recorded, the trail has each object.`,
  commands: [
    `aws s3api get-bucket-policy-status --bucket ${quoted(bucket)}`,
    `aws s3api list-object-versions --bucket ${quoted(bucket)} --max-items 50`,
    `aws cloudtrail lookup-events --region ${quoted(region)} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${quoted(bucket)}`,
  ],
});

/** A finding about what no action and no other step is for. */
const lookAt = (record: CloudTrailRecord): ManualStep => ({
  id: `look at ${record.eventID}`,
  what: `Look at the finding, which is about ${placeIn(findingOf(record))}: cordon has nothing that contains that. GuardDuty's page on its type says how to answer it.`,
  commands: [findingCommands(record).show],
});

/** What a person must do about what GuardDuty found, by what it is about. */
export function findingSteps(incident: Incident): ManualStep[] {
  const { account, region, events } = incident;
  const offences = events.filter(isOffence);
  const own = offences.filter(({ record }) => isOfAccount(record, account));
  const steps = [
    ...offences.filter(({ record }) => !isOfAccount(record, account)).map(({ record }) => elsewhere(record)),
    ...instancesOf(incident).map(lookInto),
    ...own.flatMap(({ record }) => {
      const finding = findingOf(record) ?? {};
      if (/^Policy:/.test(finding.type ?? '')) return [];
      return bucketsOf(finding).map(({ name }) => lookAtBucket(name, record.awsRegion ?? region));
    }),
    ...own
      .filter(({ record, actor }) => actor.kind === 'unknown' && !instanceOf(findingOf(record) ?? {}))
      .map(({ record }) => lookAt(record)),
    ...containByHand({ ...incident, events: own.filter(({ actor }) => actor.kind !== 'unknown') }),
  ];
  return [...new Map(steps.map((step) => [step.id ?? step.what, step])).values()];
}
