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
 * their APIs after the deployment, from the very properties that stand here. Where others refer to one, its ARN there.
 */
const REFUSED: Record<string, ((name: string) => string) | undefined> = {
  'AWS::CloudTrail::Trail': undefined,
  'AWS::Events::Connection': (name) => `connection/${name}`,
  'AWS::Events::ApiDestination': (name) => `api-destination/${name}`,
};

/** Left out for good: nothing here shows a dashboard, looks for threats or sees any traffic, and most of these it refuses. */
const DROPPED = ['AWS::GuardDuty::Detector', 'AWS::CloudWatch::Dashboard', 'AWS::EC2::FlowLog'];

/** The key in a template's metadata under which resources that were left out stand, as CloudFormation would have had them. */
export const LEFT_OUT = 'cordon:left-out';

interface Rendered {
  Type: string;
  Properties?: Record<string, unknown>;
}

/** A resource of a stack as its template has it. */
function rendered(stack: Stack, node: CfnResource): [id: string, resource: Rendered] {
  const template = (node as unknown as { _toCloudFormation(): unknown })._toCloudFormation();
  const { Resources } = stack.resolve(template) as { Resources: Record<string, Rendered> };
  return Object.entries(Resources)[0] ?? ['', { Type: '' }];
}

class LeaveOut implements IAspect {
  visit(stack: IConstruct): void {
    if (!Stack.isStack(stack)) return;
    for (const node of stack.node.findAll().filter(CfnResource.isCfnResource)) {
      if (DROPPED.includes(node.cfnResourceType)) node.node.scope?.node.tryRemoveChild(node.node.id);
    }
    const resources = stack.node.findAll().filter(CfnResource.isCfnResource);
    const refused = resources.filter(({ cfnResourceType }) => cfnResourceType in REFUSED);
    if (refused.length === 0) return;
    const leftOut = Object.fromEntries(refused.map((node) => rendered(stack, node)));
    stack.templateOptions.metadata = { ...stack.templateOptions.metadata, [LEFT_OUT]: leftOut };
    for (const node of refused) node.node.scope?.node.tryRemoveChild(node.node.id);
    for (const node of resources) if (!refused.includes(node)) this.#pointAt(leftOut, stack, node);
  }

  /** CloudFormation cannot tell the ARN of what it does not make: who refers to it gets it in full. */
  #pointAt(leftOut: Record<string, Rendered>, stack: Stack, node: CfnResource): void {
    const [, { Properties = {} }] = rendered(stack, node);
    for (const [name, value] of Object.entries(Properties)) {
      const text = JSON.stringify(value) ?? '';
      const pointed = text.replace(/\{"Fn::GetAtt":\["(\w+)","Arn"\]\}/g, (whole, id: string) => {
        const { Type = '', Properties: properties = {} } = leftOut[id] ?? {};
        const resource = REFUSED[Type]?.(String(properties.Name));
        const arn = `arn:aws:events:\${AWS::Region}:\${AWS::AccountId}:${resource}`;
        return resource ? JSON.stringify({ 'Fn::Sub': arn }) : whole;
      });
      if (pointed !== text) node.addPropertyOverride(name, JSON.parse(pointed));
    }
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

/** Calls whose resource the local AWS takes for another: who may make them of some resources could make them of none. */
const OF_ANYTHING = [
  'events:DescribeEventBus',
  'events:ListTargetsByRule',
  'events:PutTargets',
  'events:RemoveTargets',
].concat('cloudwatch:DeleteAlarms');

interface Document {
  Statement: { Effect?: string; Action: string | string[]; Resource?: unknown }[];
}

class OfAnything implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node)) return;
    if (node.cfnResourceType === 'AWS::IAM::ManagedPolicy' && 'policyDocument' in node) {
      this.#open(node, 'PolicyDocument', Stack.of(node).resolve(node.policyDocument));
    }
    if (node.cfnResourceType === 'AWS::IAM::Role' && 'policies' in node) {
      const policies = (Stack.of(node).resolve(node.policies) ?? []) as { policyDocument: Document }[];
      for (const [n, { policyDocument }] of policies.entries()) {
        this.#open(node, `Policies.${n}.PolicyDocument`, policyDocument);
      }
    }
  }

  /**
   * Allows those calls on everything, where the policy allows them at all, by one statement more: what was resolved here
   * must not be put in the place of the policy, as its references to other stacks are imports only when the app is written.
   */
  #open(node: CfnResource, path: string, { Statement }: Document): void {
    const allowed = Statement.flatMap(({ Action }) => Action);
    const Action = OF_ANYTHING.filter((action) => allowed.includes(action));
    if (Action.length === 0) return;
    node.addPropertyOverride(`${path}.Statement.${Statement.length}`, { Effect: 'Allow', Action, Resource: '*' });
  }
}

/** The only place that knows of the local AWS: leaves out what its CloudFormation refuses and what needs TLS. */
export function forLocalAws(app: IConstruct): void {
  Aspects.of(app).add(new LeaveOut());
  Aspects.of(app).add(new PlainHttp());
  Aspects.of(app).add(new OfAnything());
}

/** With IAM enforced, the local AWS refuses the bootstrap's publishing role its bucket: the caller's own credentials publish. */
export const localSynthesizer = (): IStackSynthesizer => new CliCredentialsStackSynthesizer();
