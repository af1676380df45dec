import type { Actor } from './actor.ts';
import type { CloudTrailRecord } from './cloudtrail.ts';
import type { Incident, ManualStep } from './incident.ts';
import { objectOf, parametersOf, textOf } from './parameters.ts';
import { quoted } from './principals.ts';

/** The actors whose calls are asked for. */
export type By = (actor: Actor) => boolean;

/** Those of root. */
export const byRoot: By = ({ kind }) => kind === 'root';

/** What the calls to IAM that succeeded made or gave, in order. */
const callsOf = (incident: Incident, by: By): CloudTrailRecord[] =>
  incident.events
    .filter(({ actor, verdict }) => by(actor) && verdict === 'offence')
    .map(({ record }) => record)
    .filter(({ eventSource }) => eventSource === 'iam.amazonaws.com');

const named = (record: CloudTrailRecord, parameter: string): string | undefined =>
  textOf(parametersOf(record)[parameter]);

/** Each target once. */
const once = <Target>(targets: Target[]): Target[] => [
  ...new Map(targets.map((target) => [JSON.stringify(target), target])).values(),
];

const PASSWORD = ['CreateLoginProfile', 'UpdateLoginProfile'];

/** Users who were given a console password, as targets of `disable-iam-user`. */
export const usersGivenPassword = (incident: Incident, by: By): { user: string }[] => usersOf(incident, by, PASSWORD);

/** Users who were made or given a console password, as targets of `disable-iam-user`: they can sign in or sign. */
export const usersMade = (incident: Incident, by: By): { user: string }[] =>
  usersOf(incident, by, ['CreateUser', ...PASSWORD]);

const usersOf = (incident: Incident, by: By, calls: readonly string[]): { user: string }[] =>
  once(
    callsOf(incident, by).flatMap((record) => {
      const user = calls.includes(record.eventName ?? '') ? named(record, 'userName') : undefined;
      return user ? [{ user }] : [];
    }),
  );

/** Access keys that were made for a user, as targets of `deactivate-access-key`. Root's own nobody else can deactivate. */
export const keysGiven = (incident: Incident, by: By): { user: string; key: string }[] =>
  once(
    callsOf(incident, by).flatMap((record) => {
      const user = named(record, 'userName');
      const key = record.eventName === 'CreateAccessKey' ? madeKey(record) : undefined;
      return user && key ? [{ user, key }] : [];
    }),
  );

/** Policies that were attached to or put into principals, as targets of `take-back-policy`. */
export const policiesGiven = (incident: Incident, by: By): { of: string; principal: string; policy: object }[] =>
  once(
    callsOf(incident, by).flatMap((record) => {
      const [, verb, kind = ''] = /^(Attach|Put)(User|Role|Group)Policy$/.exec(record.eventName ?? '') ?? [];
      const of = kind.toLowerCase();
      const principal = of ? named(record, `${of}Name`) : undefined;
      const arn = named(record, 'policyArn');
      const name = named(record, 'policyName');
      const policy = verb === 'Attach' ? arn && { arn } : name && { name };
      return principal && policy ? [{ of, principal, policy }] : [];
    }),
  );

/** Roles that were made or whose trust policy was changed, as targets of `close-role-trust`. */
export const rolesOpened = (incident: Incident, by: By): { role: string }[] =>
  once(
    callsOf(incident, by).flatMap((record) => {
      const isTrust = record.eventName === 'CreateRole' || record.eventName === 'UpdateAssumeRolePolicy';
      const role = isTrust ? named(record, 'roleName') : undefined;
      return role ? [{ role }] : [];
    }),
  );

/** Keys and policies of users who are not to be disabled anyway: what root gave besides making users. */
export function givenBesides(incident: Incident, by: By) {
  const disabled = new Set(usersMade(incident, by).map(({ user }) => user));
  return {
    keys: keysGiven(incident, by).filter(({ user }) => !disabled.has(user)),
    policies: policiesGiven(incident, by).filter(({ of, principal }) => !(of === 'user' && disabled.has(principal))),
  };
}

/** The id of the access key that a call made. */
export const madeKey = (record: CloudTrailRecord): string | undefined =>
  textOf(objectOf(objectOf(record.responseElements).accessKey).accessKeyId);

/** What root did that no action takes back, with the commands that do. */
export const takeBackByHand = (incident: Incident): ManualStep[] => callsOf(incident, byRoot).flatMap(stepsFor);

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
