import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Where flow logs are read: VPCs whose flow logs cordon makes, or a log group that has them already. */
export type FlowLogSettings = { vpcs: string[] } | { logGroup: string };

/** Name of the log group with the flow logs of a deployment. */
export const flowLogGroupOf = (prefix: string, settings: FlowLogSettings): string =>
  'logGroup' in settings ? settings.logGroup : `/${prefix}/flow-logs`;

/**
 * The flow logs of VPCs, in the default format, which the detections read, and as soon as they come. Their log group outlives
 * the stack.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
 */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, { prefix, vpcs }: { prefix: string; vpcs: readonly string[] }) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'LogGroup', {
      logGroupName: flowLogGroupOf(prefix, { vpcs: [...vpcs] }),
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const role = new Role(this, 'Role', {
      roleName: `${prefix}-flow-log-delivery`,
      description: 'Delivers the flow logs of the VPCs to their log group',
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
      inlinePolicies: {
        deliver: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: [
                'logs:CreateLogStream',
                'logs:PutLogEvents',
                'logs:DescribeLogGroups',
                'logs:DescribeLogStreams',
              ],
              resources: [logGroup.logGroupArn],
            }),
          ],
        }),
      },
    });
    for (const vpc of vpcs) {
      const log = new CfnFlowLog(this, vpc, {
        resourceType: 'VPC',
        resourceId: vpc,
        trafficType: 'ALL',
        // One minute instead of ten: an alarm can come no sooner than its records.
        maxAggregationInterval: 60,
        logDestinationType: 'cloud-watch-logs',
        logGroupName: logGroup.logGroupName,
        deliverLogsPermissionArn: role.roleArn,
      });
      log.node.addDependency(role);
    }
  }
}
