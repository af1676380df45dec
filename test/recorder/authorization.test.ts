import { IAMClient } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorize } from '../../local/recorder/authorization/authorize.ts';
import { filledIn, holds, isLike } from '../../local/recorder/authorization/conditions.ts';
import { decide, type PolicyLayer } from '../../local/recorder/authorization/decision.ts';
import type { SessionPolicies } from '../../local/recorder/authorization/principal-policies.ts';
import type { UserIdentity } from '../../playbooks/cloudtrail.ts';
import { type FakeEmulator, startFakeEmulator, xml } from './fake-emulator.ts';

const ACTION = 's3:PutAccountPublicAccessBlock';
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const ALLOW = document({ Effect: 'Allow', Action: 's3:Put*', Resource: '*' });
const DENY_ALL = document({ Effect: 'Deny', Action: '*', Resource: '*' });

describe('a decision', () => {
  const identity = (...documents: string[]): PolicyLayer => ({ kind: 'identity-based policy', documents });
  const boundary = (...documents: string[]): PolicyLayer => ({ kind: 'permissions boundary', documents });
  const judged = (...layers: PolicyLayer[]) => decide(layers, ACTION, '*', new Map());

  it('allows what every kind of policy allows', () => {
    expect(judged(identity(DENY_ALL.replace('Deny', 'Allow')), boundary(ALLOW))).toEqual({ allowed: true });
    expect(judged(identity(document({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })))).toEqual({
      allowed: true,
    });
    expect(
      judged(
        identity(JSON.stringify({ Statement: { Effect: 'Allow', Action: [ACTION.toUpperCase()], Resource: ['*'] } })),
      ),
    ).toEqual({ allowed: true });
  });

  it.each([
    ['nothing allows it', [identity()], `because no identity-based policy allows the ${ACTION} action`],
    ['another action is allowed', [identity(ALLOW.replace('Put', 'Get'))], 'because no identity-based policy'],
    [
      'only buckets are allowed',
      [identity(ALLOW.replace('"Resource":"*"', '"Resource":"arn:aws:s3:::*"'))],
      'because no identity-based policy',
    ],
    [
      'everything but it is allowed',
      [identity(document({ Effect: 'Allow', NotAction: 's3:PutAccount*', Resource: '*' }))],
      'because no identity',
    ],
    ['the boundary is silent', [identity(ALLOW), boundary()], 'because no permissions boundary allows'],
    ['a policy denies', [identity(ALLOW, DENY_ALL)], 'with an explicit deny in an identity-based policy'],
    [
      'the boundary denies',
      [identity(ALLOW), boundary(ALLOW, DENY_ALL)],
      'with an explicit deny in a permissions boundary',
    ],
  ])('refuses when %s', (_, layers, because) => {
    expect(judged(...layers)).toEqual({ allowed: false, because: expect.stringContaining(because) });
  });

  it('opens nothing by a condition that nobody knows', () => {
    const strange = { Condition: { StringResembles: { 'aws:username': 'eve' } } };
    const allow = document({ Effect: 'Allow', Action: '*', Resource: '*', ...strange });
    const deny = document({ Effect: 'Deny', Action: '*', Resource: '*', ...strange });
    expect(judged(identity(allow)).allowed).toBe(false);
    expect(judged(identity(ALLOW, deny)).allowed).toBe(false);
  });
});

describe('a condition', () => {
  const context = new Map([
    ['aws:username', 'eve'],
    ['aws:principalarn', 'arn:aws:iam::111122223333:user/staff/eve'],
    ['aws:tokenissuetime', '2026-05-01T03:00:00Z'],
    ['aws:sourceip', '203.0.113.7'],
    ['aws:multifactorauthpresent', 'false'],
    ['aws:epochtime', '1000'],
  ]);

  it.each([
    [{ StringEquals: { 'AWS:UserName': ['bob', 'eve'] } }, true],
    [{ StringNotEquals: { 'aws:username': ['bob', 'eve'] } }, false],
    [{ StringNotLike: { 'aws:username': 'b*' } }, true],
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*/eve' } }, true],
    [{ DateLessThan: { 'aws:TokenIssueTime': '2026-05-01T03:00:01Z' } }, true],
    [{ DateLessThan: { 'aws:TokenIssueTime': '2026-05-01T03:00:00Z' } }, false],
    [{ IpAddress: { 'aws:SourceIp': ['2001:db8::/32', '203.0.113.0/24'] } }, true],
    [{ NotIpAddress: { 'aws:SourceIp': '203.0.113.0/29' } }, false],
    [{ Bool: { 'aws:MultiFactorAuthPresent': 'false' }, NumericGreaterThan: { 'aws:EpochTime': '999' } }, true],
    [{ Bool: { 'aws:MultiFactorAuthPresent': false }, StringEquals: { 'aws:username': 'bob' } }, false],
    [{ Null: { 'aws:PrincipalTag/team': 'true' } }, true],
    [{ StringEquals: { 'aws:PrincipalTag/team': 'soc' } }, false],
    [{ StringEqualsIfExists: { 'aws:PrincipalTag/team': 'soc' } }, true],
    [{ StringNotEquals: { 'aws:PrincipalTag/team': 'soc' } }, true],
    [{ 'ForAnyValue:StringNotEquals': { 'aws:PrincipalTag/team': 'soc' } }, false],
    [{ 'ForAllValues:StringEquals': { 'aws:PrincipalTag/team': 'soc' } }, true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    [{ StringLike: { 'aws:PrincipalArn': '*/${aws:username}' } }, true],
    [undefined, true],
  ])('%j holds: %s', (condition, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });

  it('compares IPv6 addresses however they are written', () => {
    const at = (address: string) => new Map([['aws:sourceip', address]]);
    expect(holds({ IpAddress: { 'aws:SourceIp': '2001:db8::/32' } }, at('2001:0db8:1::7'))).toBe(true);
    expect(holds({ IpAddress: { 'aws:SourceIp': '::1' } }, at('0:0:0:0:0:0:0:1'))).toBe(true);
    expect(holds({ IpAddress: { 'aws:SourceIp': '::1' } }, at('::2'))).toBe(false);
  });

  it('fills variables in, and lets an unknown one match nothing', () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: policy variables
    expect(filledIn('home/${aws:username}/${*}', context)).toBe('home/eve/*');
    expect(filledIn("team/${aws:PrincipalTag/team, 'none'}", context)).toBe('team/none');
    expect(isLike('', filledIn('${aws:PrincipalTag/team}', context))).toBe(false);
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: policy variables
  });

  it('takes nothing in a pattern but * and ? for special', () => {
    expect(isLike('a.b', 'a?b')).toBe(true);
    expect(isLike('axb', 'a.b')).toBe(false);
    expect(isLike('a+(b)', 'a+(b)*')).toBe(true);
  });
});

describe('a principal', () => {
  const ACCOUNT = '111122223333';
  let emulator: FakeEmulator;
  let client: IAMClient;

  const EVE: UserIdentity = {
    type: 'IAMUser',
    principalId: 'AIDAEVE',
    arn: `arn:aws:iam::${ACCOUNT}:user/staff/eve`,
    accountId: ACCOUNT,
    userName: 'eve',
  };
  const NIGHT: UserIdentity = {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/admin/night`,
    accountId: ACCOUNT,
    sessionContext: {
      sessionIssuer: { type: 'Role', arn: `arn:aws:iam::${ACCOUNT}:role/ops/admin`, userName: 'admin' },
      attributes: { creationDate: '2026-05-01T03:00:00Z', mfaAuthenticated: 'false' },
    },
  };

  const answer = (operation: string, content: string) =>
    emulator.answers.set(operation, () => xml(`<R><${operation}Result>${content}</${operation}Result></R>`));
  const member = (...contents: string[]) => contents.map((content) => `<member>${content}</member>`).join('');
  const decided = (identity: UserIdentity, session?: SessionPolicies) =>
    authorize(client, {
      identity,
      session,
      request: { method: 'PUT', target: '/', headers: {}, bytes: 0, sourceAddress: '203.0.113.7', at: new Date(0) },
      region: 'us-east-1',
      action: ACTION,
      resource: '*',
    });
  /** A managed policy of that name. */
  const managed = (policies: Record<string, string>) => {
    emulator.answers.set('GetPolicy', () =>
      xml('<R><GetPolicyResult><Policy><DefaultVersionId>v3</DefaultVersionId></Policy></GetPolicyResult></R>'),
    );
    emulator.answers.set('GetPolicyVersion', ({ body }) => {
      const form = new URLSearchParams(body.toString());
      const found = form.get('VersionId') === 'v3' ? policies[form.get('PolicyArn') ?? ''] : undefined;
      return xml(
        `<R><GetPolicyVersionResult><PolicyVersion><Document>${encodeURIComponent(found ?? '{}')}</Document></PolicyVersion></GetPolicyVersionResult></R>`,
      );
    });
  };

  beforeEach(async () => {
    emulator = await startFakeEmulator();
    client = new IAMClient({
      endpoint: emulator.url.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAROOT', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    answer('GetUser', '<User><UserName>eve</UserName></User>');
    answer('GetRole', '<Role><RoleName>admin</RoleName></Role>');
    for (const empty of ['ListUserPolicies', 'ListRolePolicies', 'ListGroupPolicies'])
      answer(empty, '<PolicyNames/><IsTruncated>false</IsTruncated>');
    for (const empty of ['ListAttachedUserPolicies', 'ListAttachedRolePolicies', 'ListAttachedGroupPolicies'])
      answer(empty, '<AttachedPolicies/><IsTruncated>false</IsTruncated>');
    answer('ListGroupsForUser', '<Groups/><IsTruncated>false</IsTruncated>');
  });
  afterEach(async () => {
    client.destroy();
    await emulator.close();
  });

  const userPolicy = (text: string) => {
    answer('ListUserPolicies', `<PolicyNames>${member('inline')}</PolicyNames><IsTruncated>false</IsTruncated>`);
    answer('GetUserPolicy', `<PolicyDocument>${encodeURIComponent(text)}</PolicyDocument>`);
  };

  it('may do nothing without a policy, and everything as root', async () => {
    expect(await decided(EVE)).toMatchObject({ allowed: false });
    expect(await decided({ type: 'Root', accountId: ACCOUNT })).toEqual({ allowed: true });
    expect(await decided({ type: 'Unknown', accountId: ACCOUNT })).toMatchObject({ allowed: false });
  });

  it('has its own policies, by its name without the path', async () => {
    userPolicy(ALLOW);
    expect(await decided(EVE)).toEqual({ allowed: true });
    expect(emulator.arrived.find(({ what }) => what === 'GetUserPolicy')?.body.toString()).toContain('UserName=eve');
  });

  it('has those of its groups, and a deny of its own goes before', async () => {
    // Prepare
    const group = '<GroupName>ops</GroupName>';
    answer('ListGroupsForUser', `<Groups>${member(group)}</Groups><IsTruncated>false</IsTruncated>`);
    const attached = member('<PolicyArn>arn:aws:iam::aws:policy/Put</PolicyArn>');
    answer(
      'ListAttachedGroupPolicies',
      `<AttachedPolicies>${attached}</AttachedPolicies><IsTruncated>false</IsTruncated>`,
    );
    managed({ 'arn:aws:iam::aws:policy/Put': ALLOW });

    // Act
    const before = await decided(EVE);
    userPolicy(DENY_ALL);
    const after = await decided(EVE);

    // Assess
    expect(before).toEqual({ allowed: true });
    expect(after).toEqual({ allowed: false, because: 'with an explicit deny in an identity-based policy' });
  });

  it('stays within its boundary', async () => {
    userPolicy(ALLOW);
    const boundary = 'arn:aws:iam::111122223333:policy/limits';
    answer(
      'GetUser',
      `<User><UserName>eve</UserName><PermissionsBoundary><PermissionsBoundaryArn>${boundary}</PermissionsBoundaryArn></PermissionsBoundary></User>`,
    );
    managed({ [boundary]: ALLOW.replace('Put', 'Get') });
    expect(await decided(EVE)).toMatchObject({ because: expect.stringContaining('no permissions boundary allows') });
    managed({ [boundary]: ALLOW });
    expect(await decided(EVE)).toEqual({ allowed: true });
  });

  it('is judged by its tags', async () => {
    const when = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'soc' } } };
    userPolicy(document({ Effect: 'Allow', Action: '*', Resource: '*', ...when }));
    expect(await decided(EVE)).toMatchObject({ allowed: false });
    const tag = member('<Key>team</Key><Value>soc</Value>');
    answer('GetUser', `<User><UserName>eve</UserName><Tags>${tag}</Tags></User>`);
    expect(await decided(EVE)).toEqual({ allowed: true });
  });

  it('is, as a session, held to the session’s policies and the time of its issue', async () => {
    // Prepare
    const revoked = { Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-05-01T03:00:01Z' } } };
    const rolePolicy = (text: string) =>
      answer('GetRolePolicy', `<PolicyDocument>${encodeURIComponent(text)}</PolicyDocument>`);
    answer('ListRolePolicies', `<PolicyNames>${member('inline')}</PolicyNames><IsTruncated>false</IsTruncated>`);
    rolePolicy(ALLOW);

    // Act
    const free = await decided(NIGHT);
    const limited = await decided(NIGHT, { documents: [ALLOW.replace('Put', 'Get')], arns: [] });
    rolePolicy(
      document(
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: '*', Resource: '*', ...revoked },
      ),
    );
    const late = await decided(NIGHT);

    // Assess
    expect(free).toEqual({ allowed: true });
    expect(limited).toMatchObject({ because: expect.stringContaining('no session policy allows') });
    expect(late).toMatchObject({ because: expect.stringContaining('explicit deny') });
  });

  it('may do nothing as a federated user without a session policy', async () => {
    userPolicy(ALLOW);
    const federated: UserIdentity = {
      type: 'FederatedUser',
      sessionContext: { sessionIssuer: { type: 'IAMUser', userName: 'eve' } },
    };
    expect(await decided(federated)).toMatchObject({ allowed: false });
    expect(await decided(federated, { documents: [ALLOW], arns: [] })).toEqual({ allowed: true });
  });

  it('may do nothing once it is deleted', async () => {
    const gone = '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>';
    emulator.answers.set('GetUser', () => xml(gone, 404));
    expect(await decided(EVE)).toMatchObject({ allowed: false });
  });

  it('is not judged when its policies cannot be read', async () => {
    const broken = '<ErrorResponse><Error><Code>ServiceFailure</Code><Message>no</Message></Error></ErrorResponse>';
    emulator.answers.set('ListUserPolicies', () => xml(broken, 500));
    await expect(decided(EVE)).rejects.toThrow('no');
  });
});
