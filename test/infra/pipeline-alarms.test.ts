import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Canary } from '../../infra/canary.ts';
import { silentTrailAlarm } from '../../infra/silent-trail.ts';

let template: Template;
// The first synthesis loads much of the CDK.
beforeAll(() => {
  const stack = new Stack(new App(), 'cordon');
  const [logGroup, topic] = [new LogGroup(stack, 'Logs'), new Topic(stack, 'Mails')];
  const made = (unit: string) =>
    new LambdaFunction(stack, unit, {
      ...{ functionName: `cordon-${unit}`, handler: 'index.handler', runtime: Runtime.NODEJS_24_X },
      code: Code.fromInline('exports.handler = () => {};'),
    });
  const functions = new Map(['send-canary', 'conclude-canary'].map((unit) => [unit, made(unit)]));
  new Canary(stack, 'Canary', {
    ...{ prefix: 'cordon', logGroup, topic, trailLogGroup: '/cordon/trail', undelivered: new Queue(stack, 'Queue') },
    function: (unit) => functions.get(unit) as LambdaFunction,
  });
  silentTrailAlarm(stack, 'cordon', '/cordon/trail', topic);
  template = Template.fromStack(stack);
}, 60_000);

const alarmOf = (AlarmName: string): Record<string, unknown> => {
  const [alarm] = Object.values(template.findResources('AWS::CloudWatch::Alarm', { Properties: { AlarmName } }));
  return alarm?.Properties ?? {};
};
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify((value as { 'Fn::Join'?: unknown })['Fn::Join'] ?? value);

describe.each(['cordon-trail-silent', 'cordon-canary-missing'])('the alarm %s', (name) => {
  it('takes missing data for the worst, and tells the topic of both', () => {
    const mails = [{ Ref: expect.stringMatching(/^Mails/) }];
    expect(alarmOf(name)).toMatchObject({ TreatMissingData: 'breaching', AlarmActions: mails, OKActions: mails });
  });

  it('says at night what is the case and what to do, in as many characters as an alarm may have', () => {
    const description = textOf(alarmOf(name).AlarmDescription);
    expect(description.length).toBeLessThanOrEqual(1024);
    expect(description).toMatch(/^CRITICAL: /);
    expect(description).toContain('npx cordon doctor');
  });
});

describe('what the pipeline’s alarms watch', () => {
  it('is that CloudWatch Logs counts at least one log event of the trail in half an hour', () => {
    expect(alarmOf('cordon-trail-silent')).toMatchObject({
      ...{ Namespace: 'AWS/Logs', MetricName: 'IncomingLogEvents', Statistic: 'Sum', Period: 1800 },
      Dimensions: [{ Name: 'LogGroupName', Value: '/cordon/trail' }],
      ...{ ComparisonOperator: 'LessThanThreshold', Threshold: 1 },
    });
  });

  it('is the latency that only the playbook at the end logs, and that it is not over twenty minutes', () => {
    expect(alarmOf('cordon-canary-missing')).toMatchObject({
      ...{ Namespace: 'cordon', MetricName: 'canary-latency', Statistic: 'Maximum', Period: 1800 },
      ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 1_200_000 },
    });
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ ($.message = "canary came through") && ($.lane = "alarm") }',
      MetricTransformations: [Match.objectLike({ MetricName: 'canary-latency', MetricValue: '$.latencyMs' })],
    });
  });

  it('does not mail when the canary’s own alarm fires, again and again', () => {
    expect(alarmOf('cordon-canary')).not.toHaveProperty('AlarmActions');
  });
});
