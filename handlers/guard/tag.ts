import { IAMClient, ListRoleTagsCommand, ListUserTagsCommand, type Tag } from '@aws-sdk/client-iam';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { all, is, type Match, oneOf } from '../../playbooks/matching/match.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { failed, listOf, objectOf, parametersOf } from '../../playbooks/parameters.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { recordsMatching } from '../logs.ts';
import { allow, roles, users } from '../permissions.ts';
import { lookUp, lookUpPermissions } from '../trails/event-history.ts';
import type { Principal } from './principal.ts';

/** The tag that protects whoever or whatever carries it, with the value `true`. IAM does not tell tag keys apart by case. */
export const PROTECTED_TAG = 'cordon:protected';

/** What {@link protectionByTag} may do, besides reading the trail's log group. */
export const tagPermissions = [
  allow(['iam:ListUserTags'], users),
  allow(['iam:ListRoleTags'], roles),
  lookUpPermissions,
];

/** For so many milliseconds a new tag protects nobody, unless somebody who is protected by ARN has put it. */
const PROBATION_MS = 24 * 60 * 60_000;

/** What may carry the tag: a principal, or a resource that an action is aimed at. */
export interface Tagged {
  /** In words, for the report: its ARN. */
  label: string;
  /** What tells it from all others. */
  key: string;
  tags: () => Promise<{ Key?: string | undefined; Value?: string | undefined }[]>;
  /** The calls that may put a tag on it. */
  puts: Match;
  /** Its name or id, and the region, by which event history knows these calls. */
  resource: string;
  region: string;
}

/** What the tag says. `doubt`: it is there, but does not count, and why. */
export interface ByTag {
  protected: boolean;
  doubt?: string;
}

/**
 * Whether the tag that something carries protects it. Whoever may tag could tag himself before he attacks: a tag that the
 * trail saw somebody unprotected put within the last day does not count.
 */
export async function protectionByTag(
  tagged: Tagged,
  isTrusted: (record: CloudTrailRecord) => boolean,
  context: Context,
): Promise<ByTag> {
  const tags = await tagged.tags();
  const tag = tags.find(({ Key }) => Key?.toLowerCase() === PROTECTED_TAG);
  if (tag?.Value?.toLowerCase() !== 'true') return { protected: false };
  const puts = await recentPuts(tagged, context);
  const doubtful = puts.findLast((record) => !isTrusted(record));
  if (!doubtful) return { protected: true };
  const { label } = actorOf(doubtful, context.environment.account);
  return {
    protected: false,
    doubt: `its tag ${PROTECTED_TAG} does not count: ${label} put it at ${doubtful.eventTime}`,
  };
}

/** A user or a role, by its tags. */
export const taggedPrincipal = (principal: Principal, context: Context): Tagged => ({
  label: principal.arn,
  key: principal.key,
  tags: () => tagsOf(principal, context),
  puts: putsOnPrincipal(principal),
  resource: principal.user ?? principal.role ?? '',
  region: IAM_REGION,
});

const putsOnPrincipal = ({ user, role }: Principal): Match =>
  all(
    is('eventSource', 'iam.amazonaws.com'),
    ...(user === undefined
      ? [oneOf('eventName', ['TagRole', 'CreateRole']), is('requestParameters.roleName', role ?? '')]
      : [oneOf('eventName', ['TagUser', 'CreateUser']), is('requestParameters.userName', user)]),
  );

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
async function recentPuts({ puts: match, resource, region }: Tagged, context: Context): Promise<CloudTrailRecord[]> {
  const now = context.now().getTime();
  const [from, to] = [new Date(now - PROBATION_MS), new Date(now + 60_000)];
  const { records: known } = await lookUp({ region, by: 'ResourceName', value: resource, from, to, pages: 4 }, context);
  const logged = await recordsMatching(match, from, to, context);
  const puts = new Map([...known.filter(predicate(match)), ...logged].map((record) => [record.eventID, record]));
  return [...puts.values()]
    .filter((record) => !failed(record) && putsTag(record))
    .sort((a, b) => a.eventTime.localeCompare(b.eventTime));
}

function putsTag(record: CloudTrailRecord): boolean {
  const { tags, tagSet, tagSpecificationSet } = parametersOf(record);
  // EC2 wraps its lists: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-cloudtrail.html
  const specified = listOf(objectOf(tagSpecificationSet).items).flatMap((one) => listOf(objectOf(one).tags));
  return [...listOf(tags), ...listOf(objectOf(tagSet).items), ...specified]
    .map(objectOf)
    .some((tag) => String(tag.key ?? tag.Key).toLowerCase() === PROTECTED_TAG);
}
