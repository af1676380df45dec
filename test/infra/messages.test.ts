import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { Messages } from '../../infra/messages.ts';
import { readSettings } from '../../infra/settings.ts';

function templateOf(context: Record<string, unknown>): Template {
  const stack = new Stack(new App(), 'cordon');
  const [logGroup, topic] = [new LogGroup(stack, 'Logs'), new Topic(stack, 'Mails')];
  new Messages(stack, 'Messages', { settings: readSettings((key) => context[key]), logGroup, topic });
  return Template.fromStack(stack);
}

// The first synthesis loads much of the CDK.
describe('the messages of a deployment', { timeout: 60_000 }, () => {
  it('are a bus that anybody can follow, and nothing that sends, unless somebody is named', () => {
    const template = templateOf({});

    template.hasResourceProperties('AWS::Events::EventBus', { Name: 'cordon-incidents' });
    for (const type of ['Connection', 'ApiDestination', 'Rule']) template.resourceCountIs(`AWS::Events::${type}`, 0);
    template.resourceCountIs('AWS::SQS::Queue', 0);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'cordon-changes-not-announced' });
  });

  it('to Slack go to the address in its secret, as they stand in the event', () => {
    const template = templateOf({ slack: 'cordon/slack' });

    template.hasResourceProperties('AWS::Events::ApiDestination', {
      HttpMethod: 'POST',
      InvocationEndpoint: '{{resolve:secretsmanager:cordon/slack:SecretString:::}}',
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('^MessagesBus') },
      EventPattern: { source: ['cordon'], detail: { slack: { text: [{ exists: true }] } } },
      Targets: [
        Match.objectLike({
          InputPath: '$.detail.slack',
          InputTransformer: Match.absent(),
          RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: Match.anyValue() },
        }),
      ],
    });
  });

  it('to PagerDuty carry the routing key that only the connection knows', () => {
    const template = templateOf({
      pagerduty: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:cordon/pagerduty-AbCdEf',
      pagerdutyUrl: 'https://events.eu.pagerduty.com/v2/enqueue',
    });

    template.hasResourceProperties('AWS::Events::ApiDestination', {
      InvocationEndpoint: 'https://events.eu.pagerduty.com/v2/enqueue',
    });
    template.hasResourceProperties('AWS::Events::Connection', {
      AuthParameters: {
        InvocationHttpParameters: {
          BodyParameters: [
            {
              Key: 'routing_key',
              IsValueSecret: true,
              Value:
                '{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:111122223333:secret:cordon/pagerduty-AbCdEf:SecretString:::}}',
            },
          ],
        },
      },
    });
  });

  it('are sent by roles that may call their own destination only, and kept by rules of their own', () => {
    const template = templateOf({ slack: 'cordon/slack', pagerduty: 'cordon/pagerduty' });
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    const destinations = Object.keys(template.findResources('AWS::Events::ApiDestination'));

    const allowed = roles.flatMap(({ Properties }) =>
      Properties.Policies.map((one: { PolicyDocument: object }) => one.PolicyDocument),
    );
    expect(allowed.map(({ Statement }) => Statement)).toEqual(
      destinations.map((id) => [
        { Action: 'events:InvokeApiDestination', Effect: 'Allow', Resource: { 'Fn::GetAtt': [id, 'Arn'] } },
      ]),
    );
    const [policy] = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    const sources = JSON.stringify(policy).match(/cordon-(slack|pagerduty)"/g);
    expect(sources).toEqual(['cordon-slack"', 'cordon-pagerduty"']);
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'cordon-undelivered-messages',
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'cordon-messages-undelivered' });
  });
});
