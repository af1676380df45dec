import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { inParts } from '../in-parts.ts';
import { asDeployed, type Check, changed, type Finding, orAllOk } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, normalPolicy, type Resource, textOf } from './template.ts';

/** IAM takes few calls a second. */
const AT_ONCE = 5;

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
    const wrong = await inParts(roles, AT_ONCE, (role) => inspectRole(role, installation));
    return orAllOk(wrong.flat(), `${roles.length} roles have what they were deployed with, and nothing else`);
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

/** In what a role is not as it was deployed. */
export async function inspectRole(
  { name, trust, inline, attached }: DeclaredRole,
  installation: Installation,
): Promise<Finding[]> {
  const iam = installation.reader.client(IAMClient);
  const RoleName = name;
  const restore = { action: 'restore-own-role', target: { ownRole: name } };
  const part = { kind: 'role', name, service: 'iam', restore };
  try {
    const wrong: Finding[] = [];
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    if (!samePolicy(trust, Role?.AssumeRolePolicyDocument, installation)) {
      wrong.push(changed(part, `somebody else may assume the role ${name}, or nobody may`, asDeployed(installation)));
    }
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames.filter((one) => !inline.has(one))) {
      wrong.push(
        changed(
          part,
          `the role ${name} has the policy ${PolicyName}, which was not deployed`,
          `aws iam delete-role-policy --role-name ${name} --policy-name ${PolicyName}`,
        ),
      );
    }
    for (const [PolicyName, document] of inline) {
      if (!PolicyNames.includes(PolicyName)) {
        wrong.push(changed(part, `the role ${name} has lost its policy ${PolicyName}`, asDeployed(installation)));
        continue;
      }
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      if (!samePolicy(document, PolicyDocument, installation)) {
        wrong.push(changed(part, `the policy ${PolicyName} of the role ${name} was changed`, asDeployed(installation)));
      }
    }
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    for (const { PolicyArn = '' } of AttachedPolicies.filter((one) => !attached.includes(one.PolicyArn ?? ''))) {
      wrong.push(
        changed(
          part,
          `the role ${name} has the policy ${PolicyArn}, which was not deployed`,
          `aws iam detach-role-policy --role-name ${name} --policy-arn ${PolicyArn}`,
        ),
      );
    }
    for (const PolicyArn of attached.filter((one) => !AttachedPolicies.some(({ PolicyArn }) => PolicyArn === one))) {
      wrong.push(changed(part, `the role ${name} has lost its policy ${PolicyArn}`, asDeployed(installation)));
    }
    return wrong;
  } catch (error) {
    if (error instanceof Error && /NoSuchEntity/.test(error.name)) {
      return [changed(part, `the role ${name} IS GONE`, asDeployed(installation))];
    }
    throw error;
  }
}

/** IAM gives policies URL-encoded. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html */
function samePolicy(declared: unknown, encoded: string | undefined, { scope }: Installation): boolean {
  const live = JSON.parse(decodeURIComponent(encoded ?? '{}')) as unknown;
  return agrees(normalPolicy(declared), normalPolicy(live), scope);
}
