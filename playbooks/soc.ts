import type { CloudTrailRecord } from './cloudtrail.ts';
import { listOf, parametersOf, textOf } from './parameters.ts';

/** A thing of cordon's own, as a call names it. */
export interface SocPart {
  kind:
    | 'alarm'
    | 'rule'
    | 'playbook'
    | 'role'
    | 'function'
    | 'topic'
    | 'subscription'
    | 'execution'
    | 'ledger'
    | 'evidence'
    | 'log group'
    | 'stack';
  /** Its name, or ARN where only that tells it. */
  name: string;
}

/** The parameter that names a thing, by service, and what such a thing is; the first one that is there counts. */
const NAMED: Record<string, readonly (readonly [parameter: string, kind: SocPart['kind']])[]> = {
  monitoring: [
    ['alarmNames', 'alarm'],
    ['alarmName', 'alarm'],
  ],
  events: [
    ['rule', 'rule'],
    ['name', 'rule'],
  ],
  sns: [
    ['subscriptionArn', 'subscription'],
    ['topicArn', 'topic'],
  ],
  states: [
    ['executionArn', 'execution'],
    ['stateMachineArn', 'playbook'],
  ],
  lambda: [['functionName', 'function']],
  iam: [['roleName', 'role']],
  dynamodb: [['tableName', 'ledger']],
  s3: [['bucketName', 'evidence']],
  logs: [['logGroupName', 'log group']],
  cloudformation: [['stackName', 'stack']],
};

/** What ARNs end in, that names are meant by. */
const nameIn = (kind: SocPart['kind'], named: string): string =>
  ['playbook', 'function', 'ledger'].includes(kind) ? (named.split(/[:/]/).at(-1) ?? named) : named;

/** The things that a call names; of a refused call there are none. */
export function socPartsOf(record: CloudTrailRecord): SocPart[] {
  const parameters = parametersOf(record);
  const service = (record.eventSource ?? '').replace(/\.amazonaws\.com$/, '');
  for (const [parameter, kind] of NAMED[service] ?? []) {
    const names = listOf(parameters[parameter]).flatMap((one) => textOf(one) ?? []);
    if (names.length > 0) return names.map((name) => ({ kind, name: nameIn(kind, name) }));
  }
  return [];
}

/** The bus of a rule, where it is another than the default one. */
export function busOf(record: CloudTrailRecord): string | undefined {
  const named = textOf(parametersOf(record).eventBusName)?.split('/').at(-1);
  return named === 'default' ? undefined : named;
}
