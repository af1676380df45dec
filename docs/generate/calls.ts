import type { Permission } from '../../handlers/permissions.ts';
import { codes } from './markdown.ts';

/** The IAM actions of permissions, each once, in order. */
export const callsOf = (permissions: readonly Permission[]): string[] => [
  ...new Set(permissions.flatMap(({ actions }) => actions)),
];

/** Permissions by what they are on, as Markdown: one row for each set of resources and condition. */
export function permissionRows(permissions: readonly Permission[]): { calls: string[]; resources: string }[] {
  const rows = new Map<string, Set<string>>();
  for (const { actions, resources, condition } of permissions) {
    const on = codes(resources.map(resourceWords)) + (condition ? `, if ${conditionWords(condition)}` : '');
    rows.set(on, new Set([...(rows.get(on) ?? []), ...actions]));
  }
  return [...rows].map(([resources, calls]) => ({ calls: [...calls], resources }));
}

/** What the parts of an ARN pattern that are filled in at synthesis stand for. */
const PARTS: Record<string, string> = {
  partition: 'aws',
  region: 'REGION',
  account: 'ACCOUNT',
  prefix: 'cordon',
  table: 'the ledger',
  topic: 'the topic of the mails',
  escalationTopic: 'the topic of escalations',
  evidence: 'the evidence bucket',
  logGroup: 'the log group of the trail',
  organizationRole: 'the role of the setting organizationRole',
};

const resourceWords = (resource: string): string =>
  resource.replace(/\{(\w+)\}/g, (_, name: string) => PARTS[name] ?? name);

/** A condition of a policy in words: `iam:PassedToService is cloudtrail.amazonaws.com`. */
export const conditionWords = (condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string =>
  Object.values(condition)
    .flatMap((keys) => Object.entries(keys))
    .map(([key, value]) => `${key} is ${[value].flat().join(' or ')}`)
    .join(' and ');
