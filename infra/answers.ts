import { Aws } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { analystPolicies } from '../handlers/answers/policies.ts';
import { statement } from './functions.ts';

/** Where answers go, and who may read and answer. */
export interface AnswersProps {
  prefix: string;
  function: IFunction;
  /** ARNs that fill the `{...}` of permissions. */
  resources: Record<string, string>;
}

/**
 * The one address for answers: an HTTP API that lets through only what IAM has authenticated and a policy allows. Two managed
 * policies come with it: `PREFIX-reader` may look at everything cordon has, `PREFIX-approver` may answer and undo as well.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
 */
export class Answers extends Construct {
  /** Where to POST. */
  readonly url: string;

  constructor(scope: Construct, id: string, { prefix, function: handler, resources }: AnswersProps) {
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
    for (const [name, { description, permissions }] of Object.entries(analystPolicies)) {
      new ManagedPolicy(this, name === 'reader' ? 'Reader' : 'Approver', {
        managedPolicyName: `${prefix}-${name}`,
        description,
        statements: permissions.map((one) =>
          statement(one, { prefix, resources: { ...resources, answers: anyRoute } }),
        ),
      });
    }
  }
}
