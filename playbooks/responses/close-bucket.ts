import { actorKinds, actorOf } from '../actor.ts';
import { accessPointOf, bucketOf, isAccountBlock, weakensBlock } from '../buckets.ts';
import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { BucketExposure, ExposureWay } from '../findings.ts';
import type { Incident, ManualStep } from '../incident.ts';
import { containByHand, revokeSessions } from '../principals.ts';
import { exposureLines } from '../report/exposure.ts';
import { happened } from '../report/happened.ts';
import { clock } from '../report/words.ts';
import { response, type Target } from '../response.ts';

/** What records say of one bucket or access point. */
interface Seen {
  blockWeakened: boolean;
  openedBy: string[];
  region?: string;
}

/** The records by what they name, with what they say of it together. */
function seenOf(
  records: CloudTrailRecord[],
  account: string,
  named: (record: CloudTrailRecord) => string | undefined,
): Map<string, { seen: Seen; because: string[] }> {
  const found = new Map<string, { seen: Seen; because: string[] }>();
  for (const record of records) {
    const name = named(record);
    if (name === undefined) continue;
    const one = found.get(name) ?? { seen: { blockWeakened: false, openedBy: [] }, because: [] };
    const { seen, because } = one;
    const opener = actorOf(record, account).key;
    if (!seen.openedBy.includes(opener)) seen.openedBy.push(opener);
    seen.blockWeakened ||= weakensBlock(record);
    if (record.awsRegion) seen.region = record.awsRegion;
    because.push(record.eventID);
    found.set(name, one);
  }
  return found;
}

/** The buckets that were touched, each once, with whether the block itself, or the account's, was weakened, and by whom. */
function buckets(records: CloudTrailRecord[], account: string): Target[] {
  const weakened = records.some(isAccountBlock) ? { accountBlockWeakened: true } : {};
  return [...seenOf(records, account, bucketOf)].map(([bucket, { seen, because }]) => ({
    target: { bucket, seen: { ...seen, ...weakened } },
    because,
  }));
}

/** The access points whose policies were put, each once. */
function accessPoints(records: CloudTrailRecord[], account: string): Target[] {
  const named = (record: CloudTrailRecord) => {
    const { name, region } = accessPointOf(record) ?? {};
    return name && region ? `${region}/${name}` : undefined;
  };
  return [...seenOf(records, account, named)].map(([place, { seen, because }]) => {
    const [region = '', accessPoint = ''] = place.split('/');
    return { target: { accessPoint, region, seen: { openedBy: seen.openedBy } }, because };
  });
}

/** The account, when its own block was weakened. */
function accountBlock(records: CloudTrailRecord[], account: string): Target[] {
  const because = records.filter(isAccountBlock).map((record) => record.eventID);
  return because.length > 0 ? [{ target: { account }, because }] : [];
}

/** What it meant that the account's own block was weakened, which opens no single bucket but every one that relies on it. */
function accountLines({ events, actions, account }: Incident): string[] {
  const weakened = events.find(({ record, verdict }) => verdict === 'offence' && isAccountBlock(record));
  if (!weakened) return [];
  const until = actions.find(({ action }) => action === 'block-account-public-access')?.at.verified;
  return [
    `Account ${account}: its public access block was removed or weakened`,
    '  buckets without a full block of their own were as open as their policies and ACLs say',
    `  since ${clock(weakened.record.eventTime)}${until ? `, until ${clock(until)}` : ''}`,
    until ? '  the account’s block is back (read back)' : '  THE ACCOUNT’S BLOCK IS NOT BACK',
  ];
}

/** What takes an opening away for good: policy, ACL and access point are other commands. */
function removal({ bucket }: BucketExposure, via: ExposureWay['via'], { account, region }: Incident): string[] {
  switch (via) {
    case 'acl':
      return [
        `aws s3api get-bucket-acl --bucket ${bucket}`,
        `aws s3api put-bucket-acl --bucket ${bucket} --acl private`,
      ];
    case 'access-point':
      return [
        `aws s3control list-access-points --account-id ${account} --region ${region} --bucket ${bucket}`,
        `aws s3control delete-access-point-policy --account-id ${account} --region ${region} --name ACCESS_POINT`,
      ];
    default:
      return [
        `aws s3api get-bucket-policy --bucket ${bucket} --query Policy --output text > policy.json`,
        `aws s3api put-bucket-policy --bucket ${bucket} --policy file://policy.json`,
      ];
  }
}

const ACCOUNT = 'the account';

/** What a call was made on, in words. */
function placeOf(record: CloudTrailRecord): string {
  if (isAccountBlock(record)) return ACCOUNT;
  const bucket = bucketOf(record);
  const point = accessPointOf(record)?.name;
  return bucket === undefined && point ? `access point ${point}` : `bucket ${bucket ?? 'not named'}`;
}

const wayWords = (via: ExposureWay['via']): string =>
  via === 'access-point' ? 'access point' : via === 'acl' ? 'ACL' : via;
const isApproved = ({ approval }: BucketExposure): boolean => approval !== undefined && !approval.void;

/** What is still there to be removed from a bucket that was opened and closed again, by what it is open by. */
function leftToRemove(incident: Incident): { exposure: BucketExposure; ways: ExposureWay['via'][] }[] {
  const removed = incident.actions.filter(({ status }) => status === 'verified' || status === 'proposed');
  return (incident.findings['bucket-exposure'] ?? [])
    .filter((exposure) => !isApproved(exposure))
    .map((exposure) => {
      const byAction = removed.some(
        ({ action, target }) =>
          action === 'remove-public-access' && (target as { bucket?: string }).bucket === exposure.bucket,
      );
      const pointsClosed = removed.some(
        ({ action, before }) =>
          action === 'close-access-point' && (before as { bucket?: string } | undefined)?.bucket === exposure.bucket,
      );
      const ways = [...new Set(exposure.ways.map(({ via }) => via))];
      return { exposure, ways: ways.filter((via) => (via === 'access-point' ? !pointsClosed : !byAction)) };
    })
    .filter(({ ways }) => ways.length > 0);
}

/** The buckets that were opened by policy or ACL, with the ACL as it was before the block hid its public grants. */
function openedBuckets(incident: Incident): unknown[] {
  return (incident.findings['bucket-exposure'] ?? [])
    .filter((exposure) => !isApproved(exposure) && exposure.ways.some(({ via }) => via !== 'access-point'))
    .map(({ bucket }) => {
      const block = incident.actions.find(
        ({ action, target }) => action === 'block-public-access' && (target as { bucket?: string }).bucket === bucket,
      );
      const { owner, grants = [] } = (block?.before ?? {}) as { owner?: unknown; grants?: unknown[] };
      return { bucket, seen: { ...(owner ? { owner } : {}), grants } };
    });
}

/** A policy can shut out everybody but root, who can always delete it. */
const shutOut = ({ actions }: Incident): ManualStep[] =>
  actions
    .filter(({ action, status }) => action === 'block-public-access' && status === 'failed')
    .map(({ target }) => target as { bucket: string })
    .map(({ bucket }) => ({
      what: `Close ${bucket} by hand. If its policy refuses even you, root of the account can delete it.`,
      commands: [
        `aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
        `aws s3api delete-bucket-policy --bucket ${bucket}`,
      ],
    }));

export default response({
  title: 'Close the bucket and name who opened it',
  restore: [
    { action: 'block-public-access', targets: buckets },
    { action: 'block-account-public-access', targets: accountBlock },
    { action: 'close-access-point', targets: accessPoints },
  ],
  investigate: ['actor', 'bucket-exposure', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    // Most exposures are mistakes by people who have work to do: whether to lock them out is for a person to say.
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'approve' },
    revokeSessions,
    // The block holds the bucket closed already, and what is in policy and ACL may have been there for years.
    {
      action: 'remove-public-access',
      who: actorKinds,
      mode: (_incident, _actor, { removePublicAccess }) =>
        removePublicAccess === 'off' ? undefined : removePublicAccess,
      decided: {
        words: 'proposed, unless the deployment has it done at once or leaves it out',
        setting: 'removePublicAccess',
      },
      targets: openedBuckets,
    },
  ],
  byHand: (incident) => {
    const opened = leftToRemove(incident).map(({ exposure, ways }) => ({
      what: `Remove what opens ${exposure.bucket} from its ${ways.map(wayWords).join(' and ')}: ${exposure.closed ? 'the block holds it closed, but the statement or grant is still there' : 'nothing else holds it closed'}.`,
      commands: ways.flatMap((via) => removal(exposure, via, incident)),
    }));
    return [...shutOut(incident), ...opened, ...containByHand(incident)];
  },
  unresolved: (incident) =>
    (incident.findings['bucket-exposure'] ?? [])
      .filter((exposure) => !exposure.closed && !isApproved(exposure))
      .map(({ bucket, error, unread }) =>
        error
          ? `whether bucket ${bucket} is open is not known: ${error}`
          : unread
            ? `whether bucket ${bucket} is open is not known: cordon is refused its ${unread.join(', ')}`
            : `bucket ${bucket} is still open`,
      ),
  report: (incident) => [
    happened(incident, placeOf),
    {
      heading: 'Exposure',
      lines: [...accountLines(incident), ...(incident.findings['bucket-exposure'] ?? []).flatMap(exposureLines)],
    },
  ],
  subject: (incident) => {
    const places = incident.events.map(({ record }) => placeOf(record));
    return places.find((place) => place !== ACCOUNT) ?? 'the account’s public access block';
  },
});
