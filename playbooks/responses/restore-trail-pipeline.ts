import type { CloudTrailRecord } from '../cloudtrail.ts';
import { type ActionRecord, type Incident, isOffence, type ManualStep } from '../incident.ts';
import { containByHand, notContained, quoted, revokeSessions } from '../principals.ts';
import { happened } from '../report/happened.ts';
import { line } from '../report/words.ts';
import { type Known, type Response, response, type Target } from '../response.ts';
import { baselinesThrough, type PipelinePart, partOf, pipelineHarm } from '../trail-pipeline.ts';
import { trailName } from '../trails.ts';

/** The parts of one kind that those records name, each once, in the shape that its action takes. */
const partsOf =
  <K extends PipelinePart['kind']>(kind: K, aim: (part: Extract<PipelinePart, { kind: K }>) => unknown) =>
  (records: CloudTrailRecord[], account: string): Target[] => {
    const found = new Map<string, Target>();
    for (const record of records) {
      const part = partOf(record, account);
      // Deleted events cannot be put back.
      if (part?.kind !== kind || record.eventName === 'DeleteLogStream') continue;
      const target = aim(part as Extract<PipelinePart, { kind: K }>);
      const key = JSON.stringify(target);
      found.set(key, { target, because: [...(found.get(key)?.because ?? []), record.eventID] });
    }
    return [...found.values()];
  };

/** Why a call did no harm, measured by the baselines of the trails that deliver through what it names. */
function harmless(record: CloudTrailRecord, { baselines }: Known): string | undefined {
  const part = partOf(record, record.recipientAccountId ?? '');
  const concerned = part ? baselinesThrough(part, baselines) : [];
  if (concerned.length === 0) return 'no trail with a baseline delivers through what it names';
  return concerned.some(({ pipeline }) => pipelineHarm(record, pipeline))
    ? undefined
    : 'the call takes nothing from the trail: it delivers and alarms as before';
}

const placeOf = (record: CloudTrailRecord, account: string): string | undefined => {
  const part = partOf(record, account);
  if (!part) return undefined;
  const name = part.kind === 'key' ? part.name.slice(part.name.indexOf('/') + 1) : part.name;
  return `${part.kind.replace('-', ' ')} ${name}`;
};

/** What must be done by hand where a part could not be put back, by its action. */
const BY_HAND: Record<string, (action: ActionRecord, incident: Incident) => ManualStep> = {
  'restore-log-group': ({ label, target, reason }) => {
    const { logGroup, region } = target as { logGroup: string; region: string };
    const group = `--region ${quoted(region)} --log-group-name ${quoted(logGroup)}`;
    return {
      what: `Make ${label} as it was, with its retention and metric filters: ${reason ?? 'it could not be verified'}. Deploying cordon again puts its own metric filters.`,
      commands: [
        `aws logs create-log-group ${group}`,
        `aws logs describe-metric-filters ${group}`,
        'npx cdk deploy --all',
      ],
    };
  },
  'restore-log-bucket': ({ label, target, reason }) => {
    const { bucket } = target as { bucket: string };
    const named = `--bucket ${quoted(bucket)}`;
    return {
      what: `Put ${label} back: ${reason ?? 'it could not be verified'}. A bucket that is gone must be made in the Region that it was in, with its block, versioning and encryption, before its policy lets CloudTrail in again. Do not take one over that somebody else has made since.`,
      commands: [
        `aws s3api head-bucket ${named}`,
        `aws s3api create-bucket ${named} --create-bucket-configuration LocationConstraint=REGION`,
        `aws s3api put-public-access-block ${named} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
        `aws s3api put-bucket-versioning ${named} --versioning-configuration Status=Enabled`,
        `aws s3api put-bucket-policy ${named} --policy file://policy.json`,
      ],
    };
  },
  'restore-delivery-role': ({ label, target, reason }) => {
    const { deliveryRole } = target as { deliveryRole: string };
    const named = `--role-name ${quoted(deliveryRole)}`;
    return {
      what: `Put ${label} back: ${reason ?? 'it could not be verified'}. Until then the trail delivers to its bucket only, and no alarm can come.`,
      commands: [
        `aws iam get-role ${named}`,
        `aws iam create-role ${named} --assume-role-policy-document file://trust.json`,
        `aws iam put-role-policy ${named} --policy-name deliver --policy-document file://deliver.json`,
        `aws iam delete-role-permissions-boundary ${named}`,
      ],
    };
  },
  'enable-key': ({ label, target, reason }) => {
    const { key } = target as { key: string };
    return {
      what: `Look at ${label}: ${reason ?? 'it could not be verified'}. While it is not enabled, the trail delivers nothing to its bucket.`,
      commands: [
        `aws kms describe-key --region ${quoted(key.split(':')[3] ?? '')} --key-id ${quoted(key)}`,
        'aws cloudtrail describe-trails',
      ],
    };
  },
};

/** What restoring cannot bring back. */
function lostForGood(incident: Incident): ManualStep[] {
  const deleted = incident.events.filter(
    (event) => isOffence(event) && ['DeleteLogGroup', 'DeleteLogStream'].includes(event.record.eventName ?? ''),
  );
  const [first] = deleted;
  if (!first) return [];
  return [
    {
      what: 'The events that the log group held are gone, and none came in while it was gone: read them from the trail’s bucket, or from event history for 90 days. Subscription filters and tags of the group are not put back.',
      commands: [
        'aws cloudtrail describe-trails --query "trailList[].[Name,S3BucketName,S3KeyPrefix]"',
        `aws cloudtrail lookup-events --region ${incident.region} --start-time ${first.record.eventTime} --max-results 50`,
      ],
    },
  ];
}

const restore: Response['restore'] = [
  {
    action: 'restore-log-group',
    targets: partsOf('log-group', ({ name, region }) => ({ logGroup: name, region })),
  },
  { action: 'restore-log-bucket', targets: partsOf('bucket', ({ name }) => ({ bucket: name })) },
  { action: 'restore-delivery-role', targets: partsOf('role', ({ name }) => ({ deliveryRole: name })) },
  { action: 'enable-key', targets: partsOf('key', ({ name }) => ({ key: name })) },
];

/** Something that restores was called for by it. */
const isAnswered = ({ eventID }: CloudTrailRecord, { actions }: Incident): boolean =>
  actions.some(({ action, because }) => restore.some((one) => one.action === action) && because.includes(eventID));

export default response({
  title: 'Restore what the trail delivers through and contain who took it away',
  sparesDeployments: true,
  harmless,
  restore,
  investigate: ['actor', 'trail-health', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto' },
    revokeSessions,
  ],
  byHand: (incident) => [
    ...incident.actions
      .filter(({ status }) => status === 'failed')
      .flatMap((action) => BY_HAND[action.action]?.(action, incident) ?? []),
    ...lostForGood(incident),
    ...containByHand(incident),
  ],
  unresolved: (incident) => [
    ...(incident.findings['trail-health'] ?? []).flatMap(({ trail, losses, logging, unread }) => [
      ...(logging || unread ? [] : [`trail ${trailName(trail)} does not record`]),
      ...(losses.length > 0 ? [`trail ${trailName(trail)} is less than its baseline: ${losses.join('; ')}`] : []),
      ...(unread ? [`whether trail ${trailName(trail)} delivers is not known: ${unread}`] : []),
    ]),
    ...incident.events
      .filter((event) => isOffence(event) && !isAnswered(event.record, incident))
      .map(({ record }) => `${record.eventName}: cannot be put back`),
    ...notContained(incident),
  ],
  report: (incident) => [
    happened(
      incident,
      (record) => placeOf(record, incident.account),
      (record) => pipelineHarm(record, {}),
    ),
    {
      heading: 'The trail',
      lines: (incident.findings['trail-health'] ?? []).map(({ trail, logging, losses, baseline, unread }) =>
        line(
          `Trail ${trailName(trail)} ${logging ? 'is logging' : 'IS NOT LOGGING'}`,
          unread
            ? undefined
            : losses.length > 0
              ? `LESS THAN ITS BASELINE: ${losses.join('; ')}`
              : `delivers as in its baseline ${baseline} (read back)`,
        ),
      ),
    },
  ],
  subject: (incident) =>
    incident.events.map(({ record }) => placeOf(record, incident.account)).find(Boolean) ??
    'what CloudTrail delivers through',
});
