import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { inParts } from '../in-parts.ts';
import { asDeployed, type Check, type Finding, orAllOk, todo } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, type Resource } from './template.ts';

/** Resources that are looked at at the same time. */
const AT_ONCE = 8;

const isAbsent = (error: unknown): boolean => error instanceof Error && /NotFound|DoesNotExist|NoSuch/.test(error.name);

/** Looks at each; what is gone is said as `gone` says. */
async function each(
  resources: Resource[],
  gone: (resource: Resource) => Finding,
  look: (resource: Resource) => Promise<Finding[]>,
): Promise<Finding[]> {
  const found = await inParts(resources, AT_ONCE, (resource) =>
    look(resource).catch((error: unknown) => {
      if (isAbsent(error)) return [gone(resource)];
      throw error;
    }),
  );
  return found.flat();
}

/** The rules that start the playbooks, and those that call functions by the clock: on, and with their targets. */
export const ruleCheck: Check = {
  id: 'rules',
  run: async (installation) => {
    const rules = ofType(installation, 'AWS::Events::Rule');
    const client = installation.reader.client(EventBridgeClient);
    const wrong = await each(
      rules,
      ({ properties }) =>
        todo(`the rule ${properties.Name} IS GONE: what it starts does not start`, asDeployed(installation)),
      async ({ properties }) => {
        const Name = String(properties.Name);
        const bus = properties.EventBusName as unknown;
        const on = typeof bus === 'string' ? { EventBusName: bus } : busOf(bus, installation);
        const rule = await client.send(new DescribeRuleCommand({ Name, ...on }));
        const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name, ...on }));
        return inspectRule(properties, rule, Targets, on, installation);
      },
    );
    return orAllOk(wrong, `${rules.length} rules are on, with their targets`);
  },
};

function busOf(reference: unknown, { scope }: Installation): { EventBusName?: string } {
  const { Ref } = (reference ?? {}) as { Ref?: string };
  const name = Ref === undefined ? undefined : scope.resources.get(Ref)?.physical;
  return name ? { EventBusName: name } : {};
}

function inspectRule(
  properties: Record<string, unknown>,
  rule: { State?: string | undefined; EventPattern?: string | undefined; ScheduleExpression?: string | undefined },
  targets: { Id?: string | undefined; Arn?: string | undefined; RoleArn?: string | undefined }[],
  { EventBusName }: { EventBusName?: string },
  installation: Installation,
): Finding[] {
  const {
    Name,
    State,
    EventPattern,
    ScheduleExpression,
    Targets = [],
  } = properties as Record<string, unknown> & {
    Targets?: { Id: string; Arn: unknown; RoleArn?: unknown }[];
  };
  const { scope } = installation;
  const bus = EventBusName ? ` --event-bus-name ${EventBusName}` : '';
  const wrong: Finding[] = [];
  const wanted = State ?? 'ENABLED';
  if (rule.State === 'DISABLED') {
    wrong.push(
      todo(`the rule ${Name} IS OFF: what it starts does not start`, enabling(String(Name), bus, wanted, rule)),
    );
  } else if (rule.State !== wanted) {
    const less = wanted === 'ENABLED' ? 'takes calls that only read as well' : 'does not take calls that only read';
    wrong.push(todo(`the rule ${Name} ${less}`, enabling(String(Name), bus, wanted, rule)));
  }
  const pattern = rule.EventPattern ? (JSON.parse(rule.EventPattern) as unknown) : undefined;
  if (EventPattern && !agrees(EventPattern, pattern, scope)) {
    wrong.push(todo(`the rule ${Name} has another pattern than it was deployed with`, asDeployed(installation)));
  }
  if (ScheduleExpression && ScheduleExpression !== rule.ScheduleExpression) {
    wrong.push(
      todo(
        `the rule ${Name} runs at ${rule.ScheduleExpression}`,
        `aws events put-rule --name ${Name} --schedule-expression '${ScheduleExpression}'`,
      ),
    );
  }
  for (const target of Targets) {
    const there = targets.find(({ Id }) => Id === target.Id);
    if (!there || !agrees(target.Arn, there.Arn ?? '', scope)) {
      wrong.push(todo(`the rule ${Name} has lost its target ${target.Id}`, asDeployed(installation)));
    } else if (target.RoleArn && !agrees(target.RoleArn, there.RoleArn ?? '', scope)) {
      wrong.push(todo(`the rule ${Name} starts its target with another role`, asDeployed(installation)));
    }
  }
  return wrong;
}

/** The command that brings a rule into a state. `enable-rule` knows one only, and `put-rule` takes away what it is not told. */
function enabling(
  name: string,
  bus: string,
  state: unknown,
  { EventPattern }: { EventPattern?: string | undefined },
): string {
  if (state === 'ENABLED') return `aws events enable-rule --name ${name}${bus}`;
  const pattern = (EventPattern ?? '').replaceAll("'", `'\\''`);
  return `aws events put-rule --name ${name}${bus} --state ${state} --event-pattern '${pattern}'`;
}

/** The state machines and the functions: there, able to run, and as they were deployed. */
export const playbookCheck: Check = {
  id: 'playbooks',
  run: async (installation) => {
    const { reader, scope } = installation;
    const machines = ofType(installation, 'AWS::StepFunctions::StateMachine');
    const functions = ofType(installation, 'AWS::Lambda::Function');
    const wrongMachines = await each(
      machines,
      ({ properties }) => todo(`the playbook ${properties.StateMachineName} IS GONE`, asDeployed(installation)),
      async ({ physical, properties }) => {
        const name = properties.StateMachineName;
        const { status, definition, roleArn } = await reader
          .client(SFNClient)
          .send(new DescribeStateMachineCommand({ stateMachineArn: physical }));
        if (status !== 'ACTIVE') return [todo(`the playbook ${name} is ${status}`, asDeployed(installation))];
        const same =
          agrees(properties.DefinitionString, definition ?? '', scope) &&
          agrees(properties.RoleArn, roleArn ?? '', scope);
        return same ? [] : [todo(`the playbook ${name} is not what was deployed`, asDeployed(installation))];
      },
    );
    const wrongFunctions = await each(
      functions,
      ({ physical }) => todo(`the function ${physical} IS GONE`, asDeployed(installation)),
      async ({ physical, properties }) => {
        const live = await reader
          .client(LambdaClient)
          .send(new GetFunctionConfigurationCommand({ FunctionName: physical }));
        const { State = 'Active', StateReason, LastUpdateStatus = 'Successful', LastUpdateStatusReason, Role } = live;
        if (State === 'Failed' || LastUpdateStatus === 'Failed') {
          return [
            todo(
              `the function ${physical} cannot run: ${StateReason ?? LastUpdateStatusReason}`,
              asDeployed(installation),
            ),
          ];
        }
        const settings = (properties.Environment as { Variables?: unknown } | undefined)?.Variables;
        if (settings && !agrees(settings, live.Environment?.Variables ?? {}, scope)) {
          return [
            todo(`the function ${physical} has other settings than it was deployed with`, asDeployed(installation)),
          ];
        }
        if (!agrees(properties.Role, Role ?? '', scope)) {
          return [todo(`the function ${physical} has another role`, asDeployed(installation))];
        }
        return [];
      },
    );
    return orAllOk(
      [...wrongMachines, ...wrongFunctions],
      `${machines.length} state machines and ${functions.length} functions are as they were deployed`,
    );
  },
};

/** The buses that incidents are announced on, where there are any. */
export const busCheck: Check = {
  id: 'bus',
  run: async (installation) => {
    const buses = ofType(installation, 'AWS::Events::EventBus');
    if (buses.length === 0) return [];
    const client = installation.reader.client(EventBridgeClient);
    const wrong = await each(
      buses,
      ({ physical }) =>
        todo(`the event bus ${physical} IS GONE: incidents are not announced`, asDeployed(installation)),
      async ({ physical }) => {
        await client.send(new DescribeEventBusCommand({ Name: physical }));
        return [];
      },
    );
    return orAllOk(wrong, `${buses.length} there`);
  },
};
