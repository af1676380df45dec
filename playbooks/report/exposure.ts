import type { Approval, BucketExposure, ExposureWay } from '../findings.ts';
import { bytes, clock, dayAndClock, line, plural } from './words.ts';

/** That a bucket is approved for the public, who said so, and whether that counts. */
export function approvalWords({ reason, setBy, setAt, void: isVoid }: Approval): string {
  const who = setBy
    ? `, set by ${setBy}${setAt ? ` at ${dayAndClock(setAt)}` : ''}`
    : ', set by nobody that event history knows';
  return isVoid
    ? `its approval for the public ("${reason}"${who}) does not count: who opened the bucket had set it`
    : `approved for the public by its tag ("${reason}"${who})`;
}

/** What `bucket-exposure` found of one bucket, a line each, with details indented. */
export function exposureLines(found: BucketExposure): string[] {
  if (found.error) return [`Bucket ${found.bucket}`, `  WHETHER IT IS OPEN IS NOT KNOWN: ${found.error}`];
  const size = found.objects
    ? `${found.objects.atLeast ? 'at least ' : ''}${plural(found.objects.count, 'object')}, ${bytes(found.objects.bytes)}`
    : 'contents could not be listed';
  const open = found.ways.filter((way) => !way.blockedBy);
  const held = found.ways.filter((way) => way.blockedBy);
  return [
    line(`Bucket ${found.bucket}`, size),
    ...open.map((way) => `  ${openWords(way, found)}`),
    ...(found.ways.length === 0 && !found.unread ? ['  no policy, ACL or access point opens it to strangers'] : []),
    ...held.map((way) => `  held back by ${way.blockedBy}: its ${nameOf(way)} for ${way.who}`),
    ...(found.unread ? [`  cordon is refused its ${found.unread.join(', ')}: judged without`] : []),
    ...(found.protectionRemoved ? ['  its public access block was removed or weakened'] : []),
    ...(found.approval ? [`  ${approvalWords(found.approval)}`] : []),
    ...(found.since ? [`  since ${clock(found.since)}${found.until ? `, until ${clock(found.until)}` : ''}`] : []),
    `  ${stateWords(found)}`,
  ];
}

const nameOf = ({ via, what }: ExposureWay): string => `${via === 'access-point' ? 'access point' : via} (${what})`;

function openWords(way: ExposureWay, { closed, since }: BucketExposure): string {
  const access = way.access.join(', ') || 'other calls';
  const before = way.before ? `, already before ${clock(since)}` : '';
  return `${closed ? 'was' : 'IS'} open to ${way.who} by its ${nameOf(way)}: ${access}${before}`;
}

function stateWords({ closed, approval }: BucketExposure): string {
  if (closed) return 'public access is removed (read back)';
  return approval && !approval.void ? 'left open, as approved' : 'PUBLIC ACCESS IS NOT REMOVED';
}
