import { Aws } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** A rule that calls a function again and again; the first time soon after it is made. */
export class Schedule extends Construct {
  constructor(scope: Construct, id: string, props: { name: string; every: string; target: IFunction }) {
    super(scope, id);
    const { name, every, target } = props;
    const permission = new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: target.functionName,
      principal: 'events.amazonaws.com',
      sourceArn: `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${name}`,
    });
    const rule = new CfnRule(this, 'Rule', {
      name,
      scheduleExpression: `rate(${every})`,
      targets: [{ id: 'function', arn: target.functionArn, input: '{}' }],
    });
    rule.addResourceDependency(permission);
  }
}
