import { Aws } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** Where answers go, and who may read and answer. */
export interface AnswersProps {
  prefix: string;
  function: IFunction;
  logGroup: ILogGroup;
  table: Table;
  evidence: IBucket;
}

/**
 * The one address for answers: an HTTP API that lets through only what IAM has authenticated and a policy allows. Two managed
 * policies come with it: `PREFIX-reader` may look at everything cordon has, `PREFIX-approver` may answer and undo as well.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
export class Answers extends Construct {
  /** Where to POST. */
  readonly url: string;

  constructor(scope: Construct, id: string, { prefix, function: handler, logGroup, table, evidence }: AnswersProps) {
    super(scope, id);
    const api = new CfnApi(this, 'Api', {
      name: `${prefix}-answers`,
      description: "Analysts' answers to cordon's questions",
      protocolType: 'HTTP',
    });
    const integration = new CfnIntegration(this, 'Integration', {
      apiId: api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: handler.functionArn,
      payloadFormatVersion: '2.0',
    });
    new CfnRoute(this, 'Route', {
      apiId: api.ref,
      routeKey: 'POST /answers',
      authorizationType: 'AWS_IAM',
      target: `integrations/${integration.ref}`,
    });
    new CfnStage(this, 'Stage', {
      apiId: api.ref,
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: { throttlingBurstLimit: 20, throttlingRateLimit: 10 },
    });
    const anyRoute = `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${api.ref}/*/POST/answers`;
    new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: handler.functionName,
      principal: 'apigateway.amazonaws.com',
      sourceArn: anyRoute,
    });
    this.url = `${api.attrApiEndpoint}/answers`;
    const states = (kind: string) => `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:${kind}:${prefix}-*`;
    const reading = [
      new PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:Query'],
        resources: [table.tableArn, `${table.tableArn}/index/*`],
      }),
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:ListBucket'],
        resources: [evidence.bucketArn, evidence.arnForObjects('*')],
      }),
      new PolicyStatement({
        actions: ['logs:FilterLogEvents', 'logs:GetLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
      new PolicyStatement({
        actions: [
          'states:DescribeExecution',
          'states:GetExecutionHistory',
          'states:DescribeStateMachine',
          'states:ListExecutions',
        ],
        resources: [states('stateMachine'), `${states('execution')}:*`],
      }),
      new PolicyStatement({
        actions: ['cloudformation:DescribeStacks'],
        resources: [`arn:${Aws.PARTITION}:cloudformation:${Aws.REGION}:${Aws.ACCOUNT_ID}:stack/${prefix}/*`],
      }),
    ];
    new ManagedPolicy(this, 'Reader', {
      managedPolicyName: `${prefix}-reader`,
      description: 'May look at everything that cordon has written down',
      statements: reading,
    });
    new ManagedPolicy(this, 'Approver', {
      managedPolicyName: `${prefix}-approver`,
      description: 'May answer what cordon asks, and undo what it did',
      statements: [...reading, new PolicyStatement({ actions: ['execute-api:Invoke'], resources: [anyRoute] })],
    });
  }
}
