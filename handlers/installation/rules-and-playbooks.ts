import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { inParts } from '../in-parts.ts';
import { asDeployed, type ChangedPart, type Check, changed, type Finding, orAllOk } from './check.ts';
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
      (rule) =>
        changed(
          partOfRule(rule, installation),
          `the rule ${rule.properties.Name} IS GONE: what it starts does not start`,
          asDeployed(installation),
        ),
      async (declared) => {
        const Name = String(declared.properties.Name);
        const on = busOf(declared, installation);
        const rule = await client.send(new DescribeRuleCommand({ Name, ...on }));
        const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name, ...on }));
        return inspectRule(declared, rule, Targets, on, installation);
      },
    );
    return orAllOk(wrong, `${rules.length} rules are on, with their targets`);
  },
};

/** The bus of a rule, where it is another than the default one. */
export function busOf({ properties }: Resource, { scope }: Installation): { EventBusName?: string } {
  const reference = properties.EventBusName;
  if (typeof reference === 'string') return { EventBusName: reference };
  const { Ref } = (reference ?? {}) as { Ref?: string };
  const name = Ref === undefined ? undefined : scope.resources.get(Ref)?.physical;
  return name ? { EventBusName: name } : {};
}

function partOfRule(rule: Resource, installation: Installation): ChangedPart {
  const name = String(rule.properties.Name);
  const { EventBusName } = busOf(rule, installation);
  const target = { rule: name, ...(EventBusName ? { bus: EventBusName } : {}) };
  return { kind: 'rule', name, service: 'events', restore: { action: 'restore-rule', target } };
}

/** In what a rule is not as it was deployed. */
export function inspectRule(
  declared: Resource,
  rule: { State?: string | undefined; EventPattern?: string | undefined; ScheduleExpression?: string | undefined },
  targets: LiveTarget[],
  { EventBusName }: { EventBusName?: string },
  installation: Installation,
): Finding[] {
  const {
    Name,
    State,
    EventPattern,
    ScheduleExpression,
    Targets = [],
  } = declared.properties as Record<string, unknown> & { Targets?: DeclaredTarget[] };
  const part = partOfRule(declared, installation);
  const { scope } = installation;
  const bus = EventBusName ? ` --event-bus-name ${EventBusName}` : '';
  const wrong: Finding[] = [];
  const wanted = State ?? 'ENABLED';
  if (rule.State === 'DISABLED') {
    wrong.push(
      changed(
        part,
        `the rule ${Name} IS OFF: what it starts does not start`,
        enabling(String(Name), bus, wanted, rule),
      ),
    );
  } else if (rule.State !== wanted) {
    const less = wanted === 'ENABLED' ? 'takes calls that only read as well' : 'does not take calls that only read';
    wrong.push(changed(part, `the rule ${Name} ${less}`, enabling(String(Name), bus, wanted, rule)));
  }
  const pattern = rule.EventPattern ? (JSON.parse(rule.EventPattern) as unknown) : undefined;
  if (EventPattern && !agrees(EventPattern, pattern, scope)) {
    wrong.push(
      changed(part, `the rule ${Name} has another pattern than it was deployed with`, asDeployed(installation)),
    );
  }
  if (ScheduleExpression && ScheduleExpression !== rule.ScheduleExpression) {
    wrong.push(
      changed(
        part,
        `the rule ${Name} runs at ${rule.ScheduleExpression}`,
        `aws events put-rule --name ${Name} --schedule-expression '${ScheduleExpression}'`,
      ),
    );
  }
  for (const target of Targets) {
    const there = targets.find(({ Id }) => Id === target.Id);
    if (!there || !agrees(target.Arn, there.Arn ?? '', scope)) {
      wrong.push(changed(part, `the rule ${Name} has lost its target ${target.Id}`, asDeployed(installation)));
    } else if (target.RoleArn && !agrees(target.RoleArn, there.RoleArn ?? '', scope)) {
      wrong.push(changed(part, `the rule ${Name} starts its target with another role`, asDeployed(installation)));
    } else if (!sameInput(target, there, installation)) {
      wrong.push(
        changed(part, `the rule ${Name} tells its target ${target.Id} something else`, asDeployed(installation)),
      );
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

interface LiveTarget {
  Id?: string | undefined;
  Arn?: string | undefined;
  RoleArn?: string | undefined;
  Input?: string | undefined;
  InputPath?: string | undefined;
  InputTransformer?: { InputTemplate?: string | undefined } | undefined;
}

interface DeclaredTarget {
  Id: string;
  Arn: unknown;
  RoleArn?: unknown;
  Input?: unknown;
  InputPath?: unknown;
  InputTransformer?: { InputTemplate?: unknown };
}

/** What the target is told of an event. */
function sameInput(declared: DeclaredTarget, live: LiveTarget, { scope }: Installation): boolean {
  const pairs: [unknown, string | undefined][] = [
    [declared.Input, live.Input],
    [declared.InputPath, live.InputPath],
    [declared.InputTransformer?.InputTemplate, live.InputTransformer?.InputTemplate],
  ];
  return pairs.every(([wanted, there]) => agrees(wanted ?? '', there ?? '', scope));
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
      (machine) =>
        changed(
          partOfMachine(machine),
          `the playbook ${machine.properties.StateMachineName} IS GONE`,
          asDeployed(installation),
        ),
      async (machine) => {
        const { physical, properties } = machine;
        const name = properties.StateMachineName;
        const part = partOfMachine(machine);
        const { status, definition, roleArn } = await reader
          .client(SFNClient)
          .send(new DescribeStateMachineCommand({ stateMachineArn: physical }));
        if (status !== 'ACTIVE') return [changed(part, `the playbook ${name} is ${status}`, asDeployed(installation))];
        const same =
          agrees(properties.DefinitionString, definition ?? '', scope) &&
          agrees(properties.RoleArn, roleArn ?? '', scope);
        return same ? [] : [changed(part, `the playbook ${name} is not what was deployed`, asDeployed(installation))];
      },
    );
    const wrongFunctions = await each(
      functions,
      ({ physical }) => changed(partOfFunction(physical), `the function ${physical} IS GONE`, asDeployed(installation)),
      async ({ physical, properties }) => {
        const live = await reader
          .client(LambdaClient)
          .send(new GetFunctionConfigurationCommand({ FunctionName: physical }));
        const { State = 'Active', StateReason, LastUpdateStatus = 'Successful', LastUpdateStatusReason, Role } = live;
        if (State === 'Failed' || LastUpdateStatus === 'Failed') {
          return [
            changed(
              partOfFunction(physical),
              `the function ${physical} cannot run: ${StateReason ?? LastUpdateStatusReason}`,
              asDeployed(installation),
            ),
          ];
        }
        const settings = (properties.Environment as { Variables?: unknown } | undefined)?.Variables;
        if (settings && !agrees(settings, live.Environment?.Variables ?? {}, scope)) {
          return [
            changed(
              partOfFunction(physical),
              `the function ${physical} has other settings than it was deployed with`,
              asDeployed(installation),
            ),
          ];
        }
        if (!agrees(properties.Role, Role ?? '', scope)) {
          return [
            changed(partOfFunction(physical), `the function ${physical} has another role`, asDeployed(installation)),
          ];
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

function partOfMachine({ properties }: Resource): ChangedPart {
  const name = String(properties.StateMachineName);
  return {
    ...{ kind: 'playbook', name, service: 'states' },
    restore: { action: 'restore-playbook', target: { playbook: name } },
  };
}

const partOfFunction = (name: string): ChangedPart => ({ kind: 'function', name, service: 'lambda' });

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
        changed(
          { kind: 'event bus', name: physical, service: 'events' },
          `the event bus ${physical} IS GONE: incidents are not announced`,
          asDeployed(installation),
        ),
      async ({ physical }) => {
        await client.send(new DescribeEventBusCommand({ Name: physical }));
        return [];
      },
    );
    return orAllOk(wrong, `${buses.length} there`);
  },
};
