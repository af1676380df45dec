import { IAMClient, ListRoleTagsCommand, ListUserTagsCommand, type Tag } from '@aws-sdk/client-iam';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { all, is, oneOf } from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { failed, listOf, objectOf, parametersOf } from '../../playbooks/parameters.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { recordsMatching } from '../logs.ts';
import { allow, roles, users } from '../permissions.ts';
import { lookUp, lookUpPermissions } from '../trails/event-history.ts';
import type { Principal } from './principal.ts';

/** The tag that protects a principal, with the value `true`. IAM does not tell tag keys apart by case. */
export const PROTECTED_TAG = 'cordon:protected';

/** What {@link protectionByTag} may do, besides reading the trail's log group. */
export const tagPermissions = [
  allow(['iam:ListUserTags'], users),
  allow(['iam:ListRoleTags'], roles),
  lookUpPermissions,
];

/** For so many milliseconds a new tag protects nobody, unless somebody who is protected by ARN has put it. */
const PROBATION_MS = 24 * 60 * 60_000;

/** What the tag says. `doubt`: it is there, but does not count, and why. */
export interface ByTag {
  protected: boolean;
  doubt?: string;
}

/**
 * Whether a principal's own tag protects it. Whoever may tag could tag himself before he attacks: a tag that the trail
 * saw somebody unprotected put within the last day does not count.
 */
export async function protectionByTag(
  principal: Principal,
  isTrusted: (record: CloudTrailRecord) => boolean,
  context: Context,
): Promise<ByTag> {
  const tags = await tagsOf(principal, context);
  const tag = tags.find(({ Key }) => Key?.toLowerCase() === PROTECTED_TAG);
  if (tag?.Value?.toLowerCase() !== 'true') return { protected: false };
  const puts = await recentPuts(principal, context);
  const doubtful = puts.findLast((record) => !isTrusted(record));
  if (!doubtful) return { protected: true };
  const { label } = actorOf(doubtful, context.environment.account);
  return {
    protected: false,
    doubt: `its tag ${PROTECTED_TAG} does not count: ${label} put it at ${doubtful.eventTime}`,
  };
}

async function tagsOf({ user, role }: Principal, context: Context): Promise<Tag[]> {
  const iam = context.client(IAMClient);
  const tags: Tag[] = [];
  let marker: string | undefined;
  try {
    do {
      const rest = marker ? { Marker: marker } : {};
      const page = await (user === undefined
        ? iam.send(new ListRoleTagsCommand({ RoleName: role, ...rest }))
        : iam.send(new ListUserTagsCommand({ UserName: user, ...rest })));
      tags.push(...(page.Tags ?? []));
      marker = page.IsTruncated ? page.Marker : undefined;
    } while (marker);
  } catch (error) {
    // Nobody is there to protect; the action itself will say so.
    if (errorName(error) !== 'NoSuchEntityException') throw error;
  }
  return tags;
}

/** Where the calls of IAM are recorded. */
const IAM_REGION = 'us-east-1';

/**
 * The calls that put the tag within the time of probation, oldest first. Event history is asked as well: whoever deletes the
 * trail's log group deletes the record of tagging himself with it.
 */
async function recentPuts({ user, role }: Principal, context: Context): Promise<CloudTrailRecord[]> {
  const now = context.now().getTime();
  const who =
    user === undefined
      ? [oneOf('eventName', ['TagRole', 'CreateRole']), is('requestParameters.roleName', role ?? '')]
      : [oneOf('eventName', ['TagUser', 'CreateUser']), is('requestParameters.userName', user)];
  const match = all(is('eventSource', 'iam.amazonaws.com'), ...who);
  const [from, to] = [new Date(now - PROBATION_MS), new Date(now + 60_000)];
  const value = user ?? role ?? '';
  const { records: known } = await lookUp(
    { region: IAM_REGION, by: 'ResourceName', value, from, to, pages: 4 },
    context,
  );
  const logged = await recordsMatching(match, from, to, context);
  const puts = new Map([...known.filter(predicate(match)), ...logged].map((record) => [record.eventID, record]));
  return [...puts.values()]
    .filter((record) => !failed(record) && putsTag(record))
    .sort((a, b) => a.eventTime.localeCompare(b.eventTime));
}

function putsTag(record: CloudTrailRecord): boolean {
  return listOf(parametersOf(record).tags)
    .map(objectOf)
    .some((tag) => String(tag.key ?? tag.Key).toLowerCase() === PROTECTED_TAG);
}
