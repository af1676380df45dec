import { Aws, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StateMachine } from './playbook-definition.ts';

/** A state machine with a role that may call its functions and tell of its own failure, and nothing else. */
export class Machine extends Construct {
  readonly arn: string;
  readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    props: { name: string; definition: StateMachine; functions: string; topic?: ITopic; bus?: IEventBus },
  ) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      roleName: `${props.name}-playbook`,
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        playbook: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [props.functions] }),
            ...(props.topic
              ? [new PolicyStatement({ actions: ['sns:Publish'], resources: [props.topic.topicArn] })]
              : []),
            ...(props.bus
              ? [new PolicyStatement({ actions: ['events:PutEvents'], resources: [props.bus.eventBusArn] })]
              : []),
          ],
        }),
      },
    });
    const machine = new CfnStateMachine(this, 'Machine', {
      stateMachineName: props.name,
      // Standard: exactly once for each state, up to a year, and a history to read afterwards.
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: Stack.of(this).toJsonString(inThisPartition(props.definition)),
    });
    machine.node.addDependency(role);
    this.arn = machine.attrArn;
    this.name = props.name;
  }
}

/** The integrations of services are named by ARNs too, and each partition has its own. */
const inThisPartition = (definition: StateMachine): StateMachine =>
  JSON.parse(JSON.stringify(definition).replaceAll('"arn:aws:states:::', `"arn:${Aws.PARTITION}:states:::`));
