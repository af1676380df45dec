import { IAMClient, paginateGetAccountAuthorizationDetails, type RoleDetail } from '@aws-sdk/client-iam';
import type { DeliveryRoleState } from '../../playbooks/trail-baseline.ts';
import { asDeployed, type Check, changed, type Finding, orAllOk } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, normalPolicy, type Resource, textOf } from './template.ts';

/** A role as it was deployed. */
export interface DeclaredRole {
  name: string;
  trust: unknown;
  inline: Map<string, unknown>;
  attached: string[];
}

/** The roles: nobody has given one more than its template, or taken something away. */
export const roleCheck: Check = {
  id: 'roles',
  run: async (installation) => {
    const roles = ofType(installation, 'AWS::IAM::Role').map((role) => declaredRole(role, installation));
    const live = await liveRoles(new Set(roles.map(({ name }) => name)), installation);
    const wrong = roles.flatMap((role) => roleFindings(role, live.get(role.name), installation));
    return orAllOk(wrong, `${roles.length} roles have what they were deployed with, and nothing else`);
  },
};

/** A role with all of its policies, as the templates have them. */
export function declaredRole({ id, physical, properties }: Resource, installation: Installation): DeclaredRole {
  const own = (properties.Policies ?? []) as { PolicyName: unknown; PolicyDocument: unknown }[];
  // Policies that stand by themselves in the template, and name the role.
  const others = ofType(installation, 'AWS::IAM::Policy')
    .map(
      ({ properties: policy }) =>
        policy as { PolicyName: unknown; PolicyDocument: unknown; Roles?: { Ref?: string }[] },
    )
    .filter(({ Roles = [] }) => Roles.some(({ Ref }) => Ref === id));
  return {
    name: physical,
    trust: properties.AssumeRolePolicyDocument,
    inline: new Map(
      [...own, ...others].map(({ PolicyName, PolicyDocument }) => [
        textOf(PolicyName, installation.scope),
        PolicyDocument,
      ]),
    ),
    attached: ((properties.ManagedPolicyArns ?? []) as unknown[]).map((arn) => textOf(arn, installation.scope)),
  };
}

/** So many roles a call: IAM's most. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html */
const PAGE = 1000;

/**
 * The roles with these names as they are. All roles of the account are read, a thousand a call: each by itself would take
 * several calls, and IAM's limits are the whole account's.
 */
async function liveRoles(
  names: ReadonlySet<string>,
  { reader }: Installation,
): Promise<Map<string, DeliveryRoleState>> {
  const live = new Map<string, DeliveryRoleState>();
  const pages = paginateGetAccountAuthorizationDetails(
    { client: reader.client(IAMClient), pageSize: PAGE },
    { Filter: ['Role'] },
  );
  for await (const { RoleDetailList = [] } of pages) {
    for (const detail of RoleDetailList) {
      if (names.has(detail.RoleName ?? '')) live.set(detail.RoleName ?? '', stateOf(detail));
    }
  }
  return live;
}

const stateOf = ({
  AssumeRolePolicyDocument = '{}',
  RolePolicyList = [],
  AttachedManagedPolicies = [],
}: RoleDetail): DeliveryRoleState => ({
  trust: decodeURIComponent(AssumeRolePolicyDocument),
  inline: Object.fromEntries(
    RolePolicyList.map(({ PolicyName = '', PolicyDocument = '{}' }) => [
      PolicyName,
      decodeURIComponent(PolicyDocument),
    ]),
  ),
  attached: AttachedManagedPolicies.map(({ PolicyArn = '' }) => PolicyArn),
});

/** In what a role is not as it was deployed. @param live as it is; undefined where there is none */
export function roleFindings(
  { name, trust, inline, attached }: DeclaredRole,
  live: DeliveryRoleState | undefined,
  installation: Installation,
): Finding[] {
  const restore = { action: 'restore-own-role', target: { ownRole: name } };
  const part = { kind: 'role', name, service: 'iam', restore };
  const wrong = (says: string, todo = asDeployed(installation)): Finding => changed(part, says, todo);
  if (!live) return [wrong(`the role ${name} IS GONE`)];
  const same = (declared: unknown, document: string): boolean =>
    agrees(normalPolicy(declared), normalPolicy(JSON.parse(document)), installation.scope);
  return [
    ...(same(trust, live.trust) ? [] : [wrong(`somebody else may assume the role ${name}, or nobody may`)]),
    ...Object.keys(live.inline)
      .filter((policy) => !inline.has(policy))
      .map((policy) =>
        wrong(
          `the role ${name} has the policy ${policy}, which was not deployed`,
          `aws iam delete-role-policy --role-name ${name} --policy-name ${policy}`,
        ),
      ),
    ...[...inline].flatMap(([policy, declared]) => {
      const document = live.inline[policy];
      if (document === undefined) return [wrong(`the role ${name} has lost its policy ${policy}`)];
      return same(declared, document) ? [] : [wrong(`the policy ${policy} of the role ${name} was changed`)];
    }),
    ...live.attached
      .filter((arn) => !attached.includes(arn))
      .map((arn) =>
        wrong(
          `the role ${name} has the policy ${arn}, which was not deployed`,
          `aws iam detach-role-policy --role-name ${name} --policy-arn ${arn}`,
        ),
      ),
    ...attached
      .filter((arn) => !live.attached.includes(arn))
      .map((arn) => wrong(`the role ${name} has lost its policy ${arn}`)),
  ];
}
