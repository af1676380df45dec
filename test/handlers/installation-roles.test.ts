import { type GetAccountAuthorizationDetailsCommand, IAMClient, type RoleDetail } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { Installation } from '../../handlers/installation/installation.ts';
import { roleCheck } from '../../handlers/installation/roles.ts';

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const READ = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetBucketPolicy', Resource: 'arn:aws:s3:::*' }],
};
const ADMIN = 'arn:aws:iam::aws:policy/AdministratorAccess';
const encoded = (document: unknown): string => encodeURIComponent(JSON.stringify(document));

/** A role as IAM tells it, as it was deployed unless told. */
const role = (name: string, more: RoleDetail = {}): RoleDetail => ({
  RoleName: name,
  AssumeRolePolicyDocument: encoded(TRUST),
  RolePolicyList: [{ PolicyName: 'unit', PolicyDocument: encoded(READ) }],
  AttachedManagedPolicies: [],
  ...more,
});

/** An installation with the roles `cordon-claim` and `cordon-close`, in an account that has these, one a page. */
function installationWith(...roles: RoleDetail[]): { installation: Installation; asked: unknown[] } {
  const iam = new IAMClient({ region: 'us-east-1' });
  const asked: unknown[] = [];
  // Pages are taken by the marker that came with the one before, as the service gives them.
  iam.send = async ({ input }: GetAccountAuthorizationDetailsCommand) => {
    asked.push({ ...input });
    const at = Number(input.Marker ?? 0);
    const more = at + 1 < roles.length;
    return { RoleDetailList: roles.slice(at, at + 1), IsTruncated: more, ...(more ? { Marker: String(at + 1) } : {}) };
  };
  const resources = ['cordon-claim', 'cordon-close'].map((physical) => ({
    ...{ id: physical, type: 'AWS::IAM::Role', physical },
    properties: { AssumeRolePolicyDocument: TRUST, Policies: [{ PolicyName: 'unit', PolicyDocument: READ }] },
  }));
  const installation: Installation = {
    reader: { prefix: 'cordon', region: 'us-east-1', ledger: {} as never, client: <C>() => iam as C },
    scope: { account: '111122223333', region: 'us-east-1', partition: 'aws', resources: new Map() },
    ...{ resources, stacks: {}, settings: { trail: {}, mode: 'auto', modes: {}, packs: [] } as never },
  };
  return { installation, asked };
}

const found = async (...roles: RoleDetail[]) => {
  const { installation } = installationWith(...roles);
  return (await roleCheck.run(installation, new Date())).map(({ state, says, part }) => ({ state, says, part }));
};

describe('cordon’s own roles', () => {
  it('are read with all others of the account, a page at a time, whatever stands between them', async () => {
    const { installation, asked } = installationWith(
      ...[role('cordon-claim'), role('somebody-elses', { RolePolicyList: [] }), role('cordon-close')],
    );
    const findings = await roleCheck.run(installation, new Date());
    expect(findings).toEqual([{ state: 'ok', says: '2 roles have what they were deployed with, and nothing else' }]);
    expect(asked).toEqual([
      { Filter: ['Role'], MaxItems: 1000 },
      { Filter: ['Role'], MaxItems: 1000, Marker: '1' },
      { Filter: ['Role'], MaxItems: 1000, Marker: '2' },
    ]);
  });

  it.each<[string, RoleDetail, string]>([
    [
      'somebody else may assume it',
      { AssumeRolePolicyDocument: encoded({ ...TRUST, Statement: [{ ...TRUST.Statement[0], Principal: '*' }] }) },
      'somebody else may assume the role cordon-close, or nobody may',
    ],
    [
      'it has a policy more',
      {
        RolePolicyList: [
          ...(role('').RolePolicyList ?? []),
          { PolicyName: 'more', PolicyDocument: encoded({ Statement: [] }) },
        ],
      },
      'the role cordon-close has the policy more, which was not deployed',
    ],
    ['it has a policy less', { RolePolicyList: [] }, 'the role cordon-close has lost its policy unit'],
    [
      'its policy says something else',
      { RolePolicyList: [{ PolicyName: 'unit', PolicyDocument: encoded({ ...READ, Statement: [] }) }] },
      'the policy unit of the role cordon-close was changed',
    ],
    [
      'a managed policy is attached to it',
      { AttachedManagedPolicies: [{ PolicyName: 'AdministratorAccess', PolicyArn: ADMIN }] },
      `the role cordon-close has the policy ${ADMIN}, which was not deployed`,
    ],
  ])('are told of when %s', async (_, change, says) => {
    expect(await found(role('cordon-claim'), role('cordon-close', change))).toEqual([
      {
        state: 'todo',
        says,
        part: {
          ...{ kind: 'role', name: 'cordon-close', service: 'iam' },
          restore: { action: 'restore-own-role', target: { ownRole: 'cordon-close' } },
        },
      },
    ]);
  });

  it('are told of when one is gone', async () => {
    expect(await found(role('cordon-claim'))).toMatchObject([{ says: 'the role cordon-close IS GONE' }]);
  });
});
