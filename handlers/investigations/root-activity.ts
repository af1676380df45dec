import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { RootActivity } from '../../playbooks/findings.ts';
import { namedBy, objectOf, textOf } from '../../playbooks/parameters.ts';
import type { Investigation } from './investigation.ts';

/** Characters of a program's name that are told: a caller may make it as long as he likes. */
const AGENT_CHARACTERS = 200;

/** What root did, in order. */
export default {
  asks: 'What root did, in order, from where, and with MFA or not',
  permissions: [],
  find: async (incident) => ({
    uses: incident.events.map(({ record }) => ({
      time: record.eventTime,
      call: record.eventName ?? 'unknown call',
      address: record.sourceIPAddress ?? 'unknown address',
      agent: record.userAgent?.slice(0, AGENT_CHARACTERS) ?? 'unknown program',
      ...mfaOf(record),
      ...errorOf(record),
      ...changeOf(record),
    })),
  }),
} satisfies Investigation<RootActivity>;

function mfaOf(record: CloudTrailRecord): { mfa?: boolean } {
  const atSignIn = textOf(objectOf(record.additionalEventData).MFAUsed);
  if (atSignIn !== undefined) return { mfa: atSignIn === 'Yes' };
  const ofSession = record.userIdentity?.sessionContext?.attributes?.mfaAuthenticated;
  return ofSession === undefined ? {} : { mfa: ofSession === 'true' };
}

function errorOf(record: CloudTrailRecord): { error?: string } {
  const failedSignIn = objectOf(record.responseElements).ConsoleLogin === 'Failure';
  const error = record.errorCode ?? (failedSignIn ? (record.errorMessage ?? 'sign-in failed') : undefined);
  return error === undefined ? {} : { error };
}

/** What the call names, for calls that change something: `userName mallory, policyArn ...`. */
function changeOf(record: CloudTrailRecord): { changed?: string } {
  if (record.readOnly !== false) return {};
  const changed = namedBy(record);
  return changed ? { changed } : {};
}
