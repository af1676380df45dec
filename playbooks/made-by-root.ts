import type { CloudTrailRecord } from './cloudtrail.ts';
import type { Incident, ManualStep } from './incident.ts';
import { objectOf, parametersOf, textOf } from './parameters.ts';
import { quoted } from './principals.ts';

/** What root's calls to IAM that succeeded made or gave, in order. */
const callsOf = (incident: Incident): CloudTrailRecord[] =>
  incident.events
    .filter(({ actor, verdict }) => actor.kind === 'root' && verdict === 'offence')
    .map(({ record }) => record)
    .filter(({ eventSource }) => eventSource === 'iam.amazonaws.com');

const named = (record: CloudTrailRecord, parameter: string): string | undefined =>
  textOf(parametersOf(record)[parameter]);

/** Each target once. */
const once = <Target>(targets: Target[]): Target[] => [
  ...new Map(targets.map((target) => [JSON.stringify(target), target])).values(),
];

/** Users that root made or gave a console password, as targets of `disable-iam-user`: they can sign in or sign. */
export const usersByRoot = (incident: Incident): { user: string }[] =>
  once(
    callsOf(incident).flatMap((record) => {
      if (!/^(CreateUser|CreateLoginProfile|UpdateLoginProfile)$/.test(record.eventName ?? '')) return [];
      const user = named(record, 'userName');
      return user ? [{ user }] : [];
    }),
  );

/**
 * Access keys that root made, as targets of `deactivate-access-key`. Not those of users who are to be disabled anyway, and
 * not root's own, which nobody else can deactivate.
 */
export function keysByRoot(incident: Incident): { user: string; key: string }[] {
  const disabled = disabledOf(incident);
  return once(
    callsOf(incident).flatMap((record) => {
      const user = named(record, 'userName');
      const key = record.eventName === 'CreateAccessKey' ? madeKey(record) : undefined;
      return user && key && !disabled.has(user) ? [{ user, key }] : [];
    }),
  );
}

/** Policies that root attached to or put into principals who are not to be disabled anyway, as targets of `take-back-policy`. */
export function policiesByRoot(incident: Incident): { of: string; principal: string; policy: object }[] {
  const disabled = disabledOf(incident);
  return once(
    callsOf(incident).flatMap((record) => {
      const [, verb, kind = ''] = /^(Attach|Put)(User|Role|Group)Policy$/.exec(record.eventName ?? '') ?? [];
      const of = kind.toLowerCase();
      const principal = of ? named(record, `${of}Name`) : undefined;
      const arn = named(record, 'policyArn');
      const name = named(record, 'policyName');
      const policy = verb === 'Attach' ? arn && { arn } : name && { name };
      return principal && policy && !(of === 'user' && disabled.has(principal)) ? [{ of, principal, policy }] : [];
    }),
  );
}

const disabledOf = (incident: Incident): Set<string> => new Set(usersByRoot(incident).map(({ user }) => user));

const madeKey = (record: CloudTrailRecord): string | undefined =>
  textOf(objectOf(objectOf(record.responseElements).accessKey).accessKeyId);

/** What root did that no action takes back, with the commands that do. */
export const takeBackByHand = (incident: Incident): ManualStep[] => callsOf(incident).flatMap(stepsFor);

function stepsFor(record: CloudTrailRecord): ManualStep[] {
  const user = named(record, 'userName');
  const role = named(record, 'roleName');
  const group = named(record, 'groupName');
  switch (record.eventName) {
    case 'CreateAccessKey': {
      const key = quoted(madeKey(record) ?? 'KEY_ID');
      const what = `Root made an access key of its own, ${key}: sign in as root and delete it.`;
      return user ? [] : [{ what, commands: [`aws iam delete-access-key --access-key-id ${key}`] }];
    }
    case 'CreateRole':
    case 'UpdateAssumeRolePolicy': {
      const what = `Root made role ${role} or changed whom it trusts: see who may assume it.`;
      return role ? [{ what, commands: [`aws iam get-role --role-name ${quoted(role)}`] }] : [];
    }
    case 'AddUserToGroup': {
      const what = `Root put ${user} into group ${group}: take it out unless it belongs there.`;
      const names = `--group-name ${quoted(group ?? '')} --user-name ${quoted(user ?? '')}`;
      return user && group ? [{ what, commands: [`aws iam remove-user-from-group ${names}`] }] : [];
    }
    default:
      return [];
  }
}
