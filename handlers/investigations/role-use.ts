import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { RoleUse } from '../../playbooks/findings.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { all, any, is, oneOf } from '../../playbooks/matching/match.ts';
import { listOf, objectOf, textOf } from '../../playbooks/parameters.ts';
import type { Context } from '../context.ts';
import { errorText } from '../errors.ts';
import { readLogsPermissions, recordsMatching } from '../logs.ts';
import { allow, roles } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/**
 * No session of a role lasts longer, so whoever assumed it before holds none.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
 */
const LONGEST_SESSION_HOURS = 12;
/** A busy role's records need not all be read to say that many would be hit. */
const BOUNDS = { records: 2_000, pages: 60 };

const ASSUME = ['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'];

/** Who uses the roles whose sessions did it, as the trail recorded it, and who may assume them. */
export default {
  asks: 'Who uses the roles whose sessions did it, as the trail recorded it, and who may assume them',
  permissions: [readLogsPermissions, allow(['iam:GetRole'], roles)],
  find: async (incident, context) => {
    const found: RoleUse[] = [];
    for (const [role, arn] of rolesOf(incident)) found.push(await useOf(role, arn, context));
    return found;
  },
} satisfies Investigation<RoleUse[]>;

function rolesOf(incident: Incident): Map<string, string> {
  const found = new Map<string, string>();
  for (const { actor, verdict } of incident.events) {
    if (actor.kind !== 'assumed-role' || verdict === 'benign') continue;
    if (actor.name && actor.arn) found.set(actor.name, actor.arn);
  }
  return found;
}

async function useOf(role: string, arn: string, context: Context): Promise<RoleUse> {
  const now = context.now().getTime();
  const used = is('userIdentity.sessionContext.sessionIssuer.arn', arn);
  const assumed = all(oneOf('eventName', ASSUME), is('requestParameters.roleArn', arn));
  const from = new Date(now - LONGEST_SESSION_HOURS * 3_600_000);
  const records = await recordsMatching(any(used, assumed), from, new Date(now + 60_000), context, BOUNDS);
  const trusts = await trustedBy(role, context);
  const isCall = (record: CloudTrailRecord) => record.userIdentity?.sessionContext?.sessionIssuer?.arn === arn;
  return {
    role,
    hours: LONGEST_SESSION_HOURS,
    sessions: distinct(records.filter(isCall).map((record) => record.userIdentity?.arn?.split('/').at(-1))),
    assumedBy: distinct(
      records
        .filter((record) => !isCall(record) && record.errorCode === undefined)
        .map((record) => actorOf(record, context.environment.account).label),
    ),
    atLeast: records.length >= BOUNDS.records,
    ...(trusts ? { trusts } : {}),
  };
}

/** Whom the trust policy names. That it cannot be read holds nothing up. */
async function trustedBy(role: string, context: Context): Promise<string[] | undefined> {
  try {
    const { Role } = await context.client(IAMClient).send(new GetRoleCommand({ RoleName: role }));
    const policy = objectOf(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '{}')));
    const principals = listOf(policy.Statement)
      .map(objectOf)
      .filter((statement) => statement.Effect === 'Allow')
      .flatMap(({ Principal }) => (typeof Principal === 'string' ? [Principal] : Object.values(objectOf(Principal))));
    return distinct(principals.flatMap(listOf).map(textOf));
  } catch (error) {
    context.log.warn('the trust policy of a role could not be read', { role, error: errorText(error) });
    return undefined;
  }
}

const distinct = (values: (string | undefined)[]): string[] => [
  ...new Set(values.filter((value) => value !== undefined)),
];
