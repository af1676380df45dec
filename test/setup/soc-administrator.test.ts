import { describe, expect, it } from 'vitest';
import {
  deployPolicy,
  operatePolicy,
  type PolicyDocument,
  roleBoundary,
  type Statement,
  socBoundary,
  socPolicyArn,
} from '../../infra/soc-administrator.ts';

const ACCOUNT = '111122223333';
const policies: [string, PolicyDocument][] = [
  ['deploy', deployPolicy(ACCOUNT)],
  ['operate', operatePolicy(ACCOUNT)],
  ['boundary', socBoundary(ACCOUNT)],
  ['role boundary', roleBoundary(ACCOUNT)],
];

const covers = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'i').test(text);
function literal(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
const allowing = (document: PolicyDocument, action: string): Statement[] =>
  document.Statement.filter(({ Effect, Action }) => Effect === 'Allow' && Action.some((each) => covers(each, action)));
const denied = (document: PolicyDocument, action: string, resource = '*'): boolean =>
  document.Statement.some(
    ({ Effect, Action, Resource, NotResource }) =>
      Effect === 'Deny' &&
      Action.some((each) => covers(each, action)) &&
      (Resource
        ? Resource.some((each) => covers(each, resource))
        : !NotResource?.some((each) => covers(each, resource))),
  );

describe.each(policies)('the %s policy', (_name, document) => {
  it("is within IAM's limit of a managed policy", () => {
    // Act
    const { length } = JSON.stringify(document);

    // Assess
    expect(length).toBeLessThanOrEqual(6144);
  });

  it('names each statement once and spells actions as service:Action', () => {
    // Act
    const sids = document.Statement.map(({ Sid }) => Sid);
    const actions = document.Statement.flatMap(({ Action }) => Action).filter((action) => action !== '*');

    // Assess
    expect(new Set(sids).size).toBe(sids.length);
    for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/);
    for (const action of actions) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z*]+$/);
  });
});

describe('the policies of the SOC administrator', () => {
  const both: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [...deployPolicy(ACCOUNT).Statement, ...operatePolicy(ACCOUNT).Statement],
  };

  it.each([
    'iam:CreateRole',
    'iam:PutRolePolicy',
    'iam:AttachRolePolicy',
    'iam:DetachRolePolicy',
    'iam:DeleteRolePolicy',
  ])('allow %s only on roles that carry the role boundary', (action) => {
    // Act
    const statements = allowing(both, action);

    // Assess
    expect(statements).toHaveLength(1);
    expect(statements[0]?.Condition).toEqual({
      StringEquals: { 'iam:PermissionsBoundary': socPolicyArn(ACCOUNT, 'roleBoundary') },
    });
  });

  it.each([
    'iam:CreateUser',
    'iam:CreateAccessKey',
    'iam:PutUserPolicy',
    'iam:DeleteUserPermissionsBoundary',
    'sts:AssumeRole',
  ])('do not allow %s', (action) => {
    // Act
    const statements = allowing(both, action);

    // Assess
    expect(statements).toEqual([]);
  });

  it('change nothing but what is named for the product', () => {
    // Act
    const everywhere = both.Statement.filter(({ Resource }) => Resource?.includes('*')).flatMap(({ Action }) => Action);

    // Assess
    const changes = everywhere.filter(
      (action) => !/:(?:Describe|Get|List|Lookup|Validate|Test|Simulate|Generate|StopQuery)/.test(action),
    );
    expect(changes.sort()).toEqual([
      'kms:CreateKey',
      'logs:*LogDelivery',
      'logs:*QueryDefinition*',
      'logs:*ResourcePolicy',
    ]);
  });
});

describe('the boundaries', () => {
  const evidence = 'arn:aws:s3:::cordon-response-evidence/incidents/1.json';

  it.each<[string, string?]>([
    ['iam:CreateUser'],
    ['iam:PutUserPolicy'],
    ['iam:DeleteUserPermissionsBoundary'],
    ['iam:DeleteRolePermissionsBoundary'],
    ['organizations:LeaveOrganization'],
    ['cloudtrail:StopLogging'],
    ['iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/alice`],
    ['iam:CreatePolicyVersion', socPolicyArn(ACCOUNT, 'roleBoundary')],
    ['s3:DeleteObjectVersion', evidence],
  ])('keep the SOC administrator from %s', (action, resource) => {
    // Act
    const refused = denied(socBoundary(ACCOUNT), action, resource);

    // Assess
    expect(refused).toBe(true);
  });

  it('leave the SOC administrator its own keys', () => {
    // Act
    const refused = denied(socBoundary(ACCOUNT), 'iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/soc-admin`);

    // Assess
    expect(refused).toBe(false);
  });

  it.each(['iam:CreateUser', 'iam:CreateRole', 'iam:CreateAccessKey', 'iam:AttachUserPolicy', 'logs:DeleteLogStream'])(
    'keep a role of the stacks from %s',
    (action) => {
      // Act
      const refused = denied(roleBoundary(ACCOUNT), action);

      // Assess
      expect(refused).toBe(true);
    },
  );

  it.each([
    ['kms:EnableKey', 'contain-enable-key'],
    ['kms:CancelKeyDeletion', 'contain-enable-key'],
    ['kms:DisableKey', 'undo-enable-key'],
    ['kms:ScheduleKeyDeletion', 'undo-enable-key'],
    [
      'iam:UpdateAssumeRolePolicy',
      'contain-close-role-trust',
      'undo-close-role-trust',
      'contain-restore-delivery-role',
      'undo-restore-delivery-role',
      'contain-restore-own-role',
      'undo-restore-own-role',
    ],
  ])('leave %s to no role of the stacks but those of %s %s %s %s', (action, ...units) => {
    // Act
    const statements = roleBoundary(ACCOUNT).Statement.filter(
      ({ Effect, Action, Resource }) => Effect === 'Deny' && Action.includes(action) && Resource?.includes('*'),
    );

    // Assess
    const but = units.filter(Boolean).map((unit) => `arn:aws:iam::${ACCOUNT}:role/cordon*-${unit}`);
    expect(statements.map(({ Condition }) => Condition)).toEqual([{ ArnNotLike: { 'aws:PrincipalArn': but } }]);
  });

  it.each([
    ['a delivery role', 'restore-delivery-role', 'role/cordon*-trail-*'],
    ['a role of cordon’s own', 'restore-own-role', 'role/cordon*'],
  ])('let those who put %s back change no other', (_, unit, role) => {
    // Act
    const limits = roleBoundary(ACCOUNT).Statement.filter(({ Condition }) =>
      JSON.stringify(Condition?.ArnLike ?? '').includes(unit),
    );

    // Assess
    expect(limits).toMatchObject([
      {
        Effect: 'Deny',
        Action: ['iam:*RolePolicy'],
        NotResource: [`arn:aws:iam::${ACCOUNT}:${role}`],
        Condition: {
          ArnLike: {
            'aws:PrincipalArn': ['contain', 'undo'].map((way) => `arn:aws:iam::${ACCOUNT}:role/cordon*-${way}-${unit}`),
          },
        },
      },
    ]);
  });

  it.each([
    'iam:UpdateAccessKey',
    'iam:PutUserPolicy',
    'iam:TagUser',
    'cloudtrail:StartLogging',
    'cloudtrail:StopLogging', // the undo of a restart
    's3:PutBucketPublicAccessBlock',
  ])('leave a role of the stacks %s, which containment takes', (action) => {
    // Act
    const refused = denied(roleBoundary(ACCOUNT), action);

    // Assess
    expect(refused).toBe(false);
  });
});
