import { bucketOf, isAccountBlock, weakensBlock } from '../buckets.ts';
import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { BucketExposure } from '../findings.ts';
import type { Incident } from '../incident.ts';
import { containByHand, revokeSessions } from '../principals.ts';
import { bytes, clock, line, plural } from '../report/words.ts';
import { response, type Target } from '../response.ts';

/** The buckets that were touched, each once, with whether the block itself, or the account's, was weakened. */
function buckets(records: CloudTrailRecord[]): Target[] {
  const account = records.some(isAccountBlock) ? { accountBlockWeakened: true } : {};
  const found = new Map<string, { blockWeakened: boolean; because: string[] }>();
  for (const record of records) {
    const bucket = bucketOf(record);
    if (!bucket) continue;
    const entry = found.get(bucket) ?? { blockWeakened: false, because: [] };
    entry.blockWeakened ||= weakensBlock(record);
    entry.because.push(record.eventID);
    found.set(bucket, entry);
  }
  return [...found].map(([bucket, { blockWeakened, because }]) => ({
    target: { bucket, blockWeakened, ...account },
    because,
  }));
}

/** The account, when its own block was weakened. */
function accountBlock(records: CloudTrailRecord[], account: string): Target[] {
  const because = records.filter(isAccountBlock).map((record) => record.eventID);
  return because.length > 0 ? [{ target: { account }, because }] : [];
}

function exposureLines(found: BucketExposure): string[] {
  const size = found.objects
    ? `${found.objects.atLeast ? 'at least ' : ''}${plural(found.objects.count, 'object')}, ${bytes(found.objects.bytes)}`
    : 'contents could not be listed';
  const open = found.ways.filter((way) => !way.blockedBy);
  const held = found.ways.filter((way) => way.blockedBy);
  return [
    line(`Bucket ${found.bucket}`, size),
    ...(open.length > 0
      ? open.map(
          (way) =>
            `  ${found.closed ? 'was' : 'IS'} open to ${way.who} by its ${way.via} (${way.what}): ${way.access.join(', ') || 'other calls'}`,
        )
      : held.length === 0
        ? ['  no policy or ACL opens it to strangers']
        : []),
    ...held.map((way) => `  held back by ${way.blockedBy}: its ${way.via} (${way.what}) for ${way.who}`),
    ...(found.protectionRemoved ? ['  its public access block was removed or weakened'] : []),
    ...(found.since ? [`  since ${clock(found.since)}${found.until ? `, until ${clock(found.until)}` : ''}`] : []),
    found.closed ? '  public access is removed (read back)' : '  PUBLIC ACCESS IS NOT REMOVED',
  ];
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

/** What takes an opening away for good: policy and ACL are other commands. */
const removal = (bucket: string, via: string): string[] =>
  via === 'acl'
    ? [`aws s3api get-bucket-acl --bucket ${bucket}`, `aws s3api put-bucket-acl --bucket ${bucket} --acl private`]
    : [
        `aws s3api get-bucket-policy --bucket ${bucket} --query Policy --output text > policy.json`,
        `aws s3api put-bucket-policy --bucket ${bucket} --policy file://policy.json`,
      ];

export default response({
  title: 'Close the bucket and name who opened it',
  restore: [
    { action: 'block-public-access', targets: buckets },
    { action: 'block-account-public-access', targets: accountBlock },
  ],
  investigate: ['actor', 'bucket-exposure', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    // Most exposures are mistakes by people who have work to do: whether to lock them out is for a person to say.
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'approve' },
    revokeSessions,
  ],
  byHand: (incident) => {
    const exposed = incident.findings['bucket-exposure']?.filter((bucket) => bucket.ways.length > 0) ?? [];
    const opened = exposed.map(({ bucket, ways, closed }) => ({
      what: `Remove what opens ${bucket} from its ${[...new Set(ways.map((way) => way.via))].join(' and ')}: ${closed ? 'the block holds it closed, but the statement or grant is still there' : 'nothing else holds it closed'}.`,
      commands: [...new Set(ways.map((way) => way.via))].flatMap((via) => removal(bucket, via)),
    }));
    return [...opened, ...containByHand(incident)];
  },
  unresolved: (incident) =>
    (incident.findings['bucket-exposure'] ?? [])
      .filter((bucket) => !bucket.closed)
      .map((bucket) => `bucket ${bucket.bucket} is still open`),
  report: (incident) => [
    {
      heading: 'What happened',
      lines: incident.events.map(({ record, actor, verdict, reason }) =>
        line(
          `${clock(record.eventTime)} ${record.eventName}`,
          isAccountBlock(record) ? 'the account' : `bucket ${bucketOf(record) ?? 'not named'}`,
          `by ${actor.label}`,
          verdict === 'attempt' ? `refused: ${record.errorCode}` : reason,
        ),
      ),
    },
    {
      heading: 'Exposure',
      lines: [...accountLines(incident), ...(incident.findings['bucket-exposure'] ?? []).flatMap(exposureLines)],
    },
  ],
  subject: (incident) => {
    const bucket = incident.events.map((event) => bucketOf(event.record)).find(Boolean);
    return bucket ? `bucket ${bucket}` : 'the account’s public access block';
  },
});
