import { Aws } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Machine } from './machine.ts';

/** A rule that starts a playbook. */
export interface StartRule {
  name: string;
  description: string;
  eventPattern: object;
  /** Enabled, unless told. */
  state?: string;
}

/** What starts one playbook: rules, with one role that may start it and nothing else. What cannot start it goes to a queue. */
export class Starter extends Construct {
  readonly #role: Role;
  readonly #playbook: Machine;
  readonly #undelivered: Queue;

  constructor(scope: Construct, id: string, props: { name: string; playbook: Machine; undelivered: Queue }) {
    super(scope, id);
    this.#playbook = props.playbook;
    this.#undelivered = props.undelivered;
    this.#role = new Role(this, 'Role', {
      roleName: `${props.name}-start`,
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      inlinePolicies: {
        start: new PolicyDocument({
          statements: [new PolicyStatement({ actions: ['states:StartExecution'], resources: [props.playbook.arn] })],
        }),
      },
    });
  }

  /** Starts it when an alarm fires. */
  onAlarm(name: string, alarmArn: string): void {
    this.#rule('Alarm', {
      name,
      description: `Starts ${this.#playbook.name} when the alarm fires`,
      eventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        resources: [alarmArn],
        detail: { state: { value: ['ALARM'] } },
      },
    });
  }

  /** Starts it on the events of calls, with the id of the detection whose they are: the event itself does not say. */
  onCalls(id: string, detection: string, rule: Omit<StartRule, 'description'>): void {
    this.#rule(
      id,
      {
        ...rule,
        description: `Starts ${this.#playbook.name} on the event of the call itself, before there is an alarm`,
      },
      withDetection('event', detection),
    );
  }

  /** Starts it on findings of GuardDuty, with the id of the detection whose they are. */
  onFindings(detection: string, rule: Omit<StartRule, 'description'>): void {
    this.#rule(
      detection,
      { ...rule, description: `Starts ${this.#playbook.name} on what GuardDuty finds` },
      withDetection('finding', detection),
    );
  }

  #rule(id: string, rule: StartRule, target: Partial<CfnRule.TargetProperty> = {}): void {
    const made = new CfnRule(this, id, {
      ...rule,
      targets: [
        {
          id: 'playbook',
          arn: this.#playbook.arn,
          roleArn: this.#role.roleArn,
          retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
          deadLetterConfig: { arn: this.#undelivered.queueArn },
          ...target,
        },
      ],
    });
    const arn = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${rule.name}`;
    this.#undelivered.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.#undelivered.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': arn } },
      }),
    );
    made.node.addDependency(this.#role);
  }
}

/** Hands the event over as it is, beside the lane and the detection that it cannot tell. */
const withDetection = (lane: 'event' | 'finding', detection: string): Partial<CfnRule.TargetProperty> => ({
  inputTransformer: {
    inputTemplate: `{"lane":"${lane}","detection":"${detection}","event":<aws.events.event.json>}`,
  },
});
