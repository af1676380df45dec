import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { inParts } from '../in-parts.ts';
import { asDeployed, type Check, type Finding, orAllOk, todo } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, normalPolicy, type Resource, textOf } from './template.ts';

/** IAM takes few calls a second. */
const AT_ONCE = 5;

interface Declared {
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
    const wrong = await inParts(roles, AT_ONCE, (role) => inspect(role, installation));
    return orAllOk(wrong.flat(), `${roles.length} roles have what they were deployed with, and nothing else`);
  },
};

function declaredRole({ id, physical, properties }: Resource, installation: Installation): Declared {
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

async function inspect({ name, trust, inline, attached }: Declared, installation: Installation): Promise<Finding[]> {
  const iam = installation.reader.client(IAMClient);
  const RoleName = name;
  try {
    const wrong: Finding[] = [];
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    if (!samePolicy(trust, Role?.AssumeRolePolicyDocument, installation)) {
      wrong.push(todo(`somebody else may assume the role ${name}, or nobody may`, asDeployed(installation)));
    }
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames.filter((one) => !inline.has(one))) {
      wrong.push(
        todo(
          `the role ${name} has the policy ${PolicyName}, which was not deployed`,
          `aws iam delete-role-policy --role-name ${name} --policy-name ${PolicyName}`,
        ),
      );
    }
    for (const [PolicyName, document] of inline) {
      if (!PolicyNames.includes(PolicyName)) {
        wrong.push(todo(`the role ${name} has lost its policy ${PolicyName}`, asDeployed(installation)));
        continue;
      }
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      if (!samePolicy(document, PolicyDocument, installation)) {
        wrong.push(todo(`the policy ${PolicyName} of the role ${name} was changed`, asDeployed(installation)));
      }
    }
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    for (const { PolicyArn = '' } of AttachedPolicies.filter((one) => !attached.includes(one.PolicyArn ?? ''))) {
      wrong.push(
        todo(
          `the role ${name} has the policy ${PolicyArn}, which was not deployed`,
          `aws iam detach-role-policy --role-name ${name} --policy-arn ${PolicyArn}`,
        ),
      );
    }
    return wrong;
  } catch (error) {
    if (error instanceof Error && /NoSuchEntity/.test(error.name)) {
      return [todo(`the role ${name} IS GONE`, asDeployed(installation))];
    }
    throw error;
  }
}

/** IAM gives policies URL-encoded. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html */
function samePolicy(declared: unknown, encoded: string | undefined, { scope }: Installation): boolean {
  const live = JSON.parse(decodeURIComponent(encoded ?? '{}')) as unknown;
  return agrees(normalPolicy(declared), normalPolicy(live), scope);
}
