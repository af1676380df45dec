import {
  Aspects,
  CfnResource,
  CliCredentialsStackSynthesizer,
  type IAspect,
  type IStackSynthesizer,
  Stack,
} from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * What the CloudFormation of the local AWS refuses: it would refuse the whole template. The local AWS makes these through
 * their APIs after the deployment, from the very properties that stand here.
 */
const REFUSED = ['AWS::CloudTrail::Trail'];

/** The key in a template's metadata under which resources that were left out stand, as CloudFormation would have had them. */
export const LEFT_OUT = 'cordon:left-out';

class LeaveOut implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node) || !REFUSED.includes(node.cfnResourceType)) return;
    const stack = Stack.of(node);
    const rendered = stack.resolve((node as unknown as { _toCloudFormation(): unknown })._toCloudFormation()) as {
      Resources: Record<string, unknown>;
    };
    const metadata = stack.templateOptions.metadata ?? {};
    stack.templateOptions.metadata = {
      ...metadata,
      [LEFT_OUT]: { ...(metadata[LEFT_OUT] as object | undefined), ...rendered.Resources },
    };
    node.node.scope?.node.tryRemoveChild(node.node.id);
  }
}

/** The local AWS speaks plain HTTP, over loopback only: what is refused without TLS would be refused always. */
class PlainHttp implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node) || !/Policy$/.test(node.cfnResourceType) || !('policyDocument' in node))
      return;
    const policy = Stack.of(node).resolve(node.policyDocument) as { Statement?: object[] } | undefined;
    const statements = policy?.Statement?.filter((one) => !JSON.stringify(one).includes('"aws:SecureTransport"'));
    if (statements && statements.length < (policy?.Statement?.length ?? 0)) {
      node.policyDocument = { ...policy, Statement: statements };
    }
  }
}

/** The only place that knows of the local AWS: leaves out what its CloudFormation refuses and what needs TLS. */
export function forLocalAws(app: IConstruct): void {
  Aspects.of(app).add(new LeaveOut());
  Aspects.of(app).add(new PlainHttp());
}

/** With IAM enforced, the local AWS refuses the bootstrap's publishing role its bucket: the caller's own credentials publish. */
export const localSynthesizer = (): IStackSynthesizer => new CliCredentialsStackSynthesizer();
