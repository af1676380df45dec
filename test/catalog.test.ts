import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { actions } from '../handlers/actions/catalog.ts';
import { investigations } from '../handlers/investigations/catalog.ts';
import type { Permission } from '../handlers/permissions.ts';
import { investigateUnit, units } from '../infra/units.ts';
import { allDetections, detectionOf, detections, responseOf, responses, UnknownUnit } from '../playbooks/catalog.ts';
import { matchesPattern, parseFilterPattern } from '../playbooks/matching/filter-pattern/filter-pattern.ts';
import { predicate } from '../playbooks/matching/predicate.ts';
import { sourceOf } from '../playbooks/sources.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const load = (path: string): Promise<Record<string, unknown>> => import(/* @vite-ignore */ join(root, path));

/** The ids of the units in a folder: its files' names, without those that are no unit. */
const idsIn = (folder: string, ...others: string[]): string[] =>
  readdirSync(join(root, folder))
    .map((name) => name.replace(/\.ts$/, ''))
    .filter((name) => !others.includes(name))
    .sort();

describe('the catalogs', () => {
  it.each([
    ['playbooks/detections', idsIn('playbooks/detections', 'samples'), allDetections],
    ['playbooks/responses', idsIn('playbooks/responses'), responses],
    ['handlers/actions', idsIn('handlers/actions', 'action', 'catalog', 'iam-user'), actions],
    ['handlers/investigations', idsIn('handlers/investigations', 'investigation', 'catalog'), investigations],
  ])('hold every file of %s under its name, and nothing else', (_, files, catalog) => {
    expect(Object.keys(catalog).sort()).toEqual(files);
    for (const id of files) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it.each([
    ['detections', 'playbooks/detections', allDetections],
    ['responses', 'playbooks/responses', responses],
    ['actions', 'handlers/actions', actions],
    ['investigations', 'handlers/investigations', investigations],
  ])('of %s hold what the file of that name declares', async (_, folder, catalog) => {
    for (const [id, unit] of Object.entries(catalog)) {
      const module = await load(`${folder}/${id}.ts`);
      expect(module.default, id).toBe(unit);
    }
  });

  it('name the known units when one is unknown', () => {
    expect(() => detectionOf('trail-tempering')).toThrow(UnknownUnit);
    expect(() => detectionOf('trail-tempering')).toThrow(/no detection 'trail-tempering'.*trail-tampering/);
    expect(() => responseOf('constructor')).toThrow(UnknownUnit);
  });
});

describe.each(Object.entries(detections))('detection %s', (_, detection) => {
  const matches = predicate(detection.when);
  const source = sourceOf(detection);
  const patterns = source.patterns(detection.when).map((text) => parseFilterPattern(text));
  const samples = [
    ...detection.samples.matching.map((sample) => ({ ...sample, expected: true })),
    ...detection.samples.other.map((sample) => ({ ...sample, expected: false })),
  ];

  it('has samples of both kinds, a response and a threshold that can be reached', () => {
    expect(detection.samples.matching.length).toBeGreaterThan(0);
    expect(detection.samples.other.length).toBeGreaterThan(0);
    expect(Object.keys(responses)).toContain(detection.response);
    expect(detection.alarm.atLeast).toBeGreaterThanOrEqual(1);
    expect(detection.alarm.withinMinutes).toBeGreaterThanOrEqual(1);
    for (const technique of detection.attack) expect(technique).toMatch(/^T\d{4}(\.\d{3})?$/);
    expect(new Set(samples.map((sample) => sample.name)).size).toBe(samples.length);
  });

  it.each(samples)('sample "$name" is a record, and is matched: $expected', ({ record, expected }) => {
    const message = source.message(record);
    expect(source.read(source.parse(message), 'id')).toHaveProperty('record');
    expect(matches(source.parse(message))).toBe(expected);
    expect(patterns.some((pattern) => matchesPattern(pattern, message))).toBe(expected);
  });

  it('collects no record twice: what is related does not match', () => {
    const related = detection.related ? predicate(detection.related.when) : () => false;
    for (const { record } of detection.samples.matching) expect(related(record)).toBe(false);
  });
});

describe.each(Object.entries(responses))('response %s', (id, response) => {
  it('names actions and investigations that exist, each once', () => {
    const named = [...response.restore, ...response.contain].map((one) => one.action);

    for (const action of named) expect(Object.keys(actions)).toContain(action);
    for (const investigation of response.investigate) expect(Object.keys(investigations)).toContain(investigation);
    expect(new Set(response.investigate).size).toBe(response.investigate.length);
    expect(new Set(named).size).toBe(named.length);
  });

  it('is used, and has a function that may do what its investigations do', () => {
    const unit = units.find((one) => one.id === investigateUnit(id));

    expect(Object.values(allDetections).map((detection) => detection.response)).toContain(id);
    for (const investigation of response.investigate) {
      for (const permission of investigations[investigation].permissions) {
        expect(unit?.permissions).toContainEqual(permission);
      }
    }
  });
});

describe.each(Object.entries(actions))('action %s', (_, action) => {
  it('says what it may do to contain and to undo, what it touches and what it is called', () => {
    expect(action.permissions.contain.length).toBeGreaterThan(0);
    // What cannot be undone says why, and has no function that undoes.
    expect(action.permissions.undo.length > 0).toBe(action.irreversible === undefined);
    expect(action.title).toMatch(/^[a-z]/);
    expect(action.blastRadius).not.toBe('');
  });
});

describe.each(units.map((unit) => [unit.id, unit] as const))('function %s', (id, unit) => {
  it('exists, with a name that IAM and Lambda take for every prefix', async () => {
    const module = await load(unit.entry);

    expect(module[unit.handler]).toBeTypeOf('function');
    // A prefix has at most 21 characters, a role's name 64.
    expect(`${'x'.repeat(21)}-${id}`.length).toBeLessThanOrEqual(64);
    expect(units.filter((other) => other.id === id)).toHaveLength(1);
    // https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    expect(unit.description.length).toBeLessThanOrEqual(256);
  });

  it.each(unit.permissions)(
    'is allowed actions of valid names on named resources: %j',
    ({ actions, resources }: Permission) => {
      expect(actions.length).toBeGreaterThan(0);
      expect(resources.length).toBeGreaterThan(0);
      for (const action of actions) expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z]+$/);
      // The account's block and alarms can only be allowed as a whole; nothing else may be.
      const unscoped = [
        's3:GetAccountPublicAccessBlock',
        's3:PutAccountPublicAccessBlock',
        's3:ListAccessPoints',
        'cloudwatch:DescribeAlarms',
        'iam:GetAccountAuthorizationDetails',
        'iam:GetAccountSummary',
        'cloudtrail:AddTags',
        'cloudtrail:RemoveTags',
        'cloudtrail:ListTags',
        'logs:DescribeLogGroups',
        'cloudtrail:ListTrails',
        'cloudtrail:LookupEvents',
        'states:SendTaskSuccess',
        // EC2 and load balancing let nobody describe in part.
        'ec2:DescribeInstances',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSnapshots',
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetHealth',
      ];
      if (resources.includes('*')) for (const action of actions) expect(unscoped).toContain(action);
      for (const resource of resources) {
        for (const [, name] of resource.matchAll(/\{(\w+)\}/g)) {
          expect([
            ...['table', 'topic', 'bus', 'escalationTopic', 'evidence', 'logGroup', 'organizationRole'],
            ...['trailBucket', 'deliveryRole', 'trailKey', 'flowLogGroup'],
            ...['partition', 'region', 'account', 'prefix'],
          ]).toContain(name);
        }
      }
    },
  );
});
