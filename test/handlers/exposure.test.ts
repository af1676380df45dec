import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Block,
  type BucketState,
  blockWords,
  exposureWays,
  fullBlock,
  isFull,
  isPublic,
} from '../../handlers/buckets/exposure.ts';

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const AUTHENTICATED = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
const LOG_DELIVERY = 'http://acs.amazonaws.com/groups/s3/LogDelivery';

const none: Block = {
  BlockPublicAcls: false,
  IgnorePublicAcls: false,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};
const only = (setting: keyof Block): Block => ({ ...none, [setting]: true });
const statement = (rest: object = {}) => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::reports/*',
  ...rest,
});
const policy = (...statements: object[]): BucketState => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  grants: [],
});
const acl = (uri: string, Permission = 'READ'): BucketState => ({ grants: [{ Grantee: { URI: uri }, Permission }] });
const when = (operator: string, key: string, value: unknown) =>
  policy(statement({ Condition: { [operator]: { [key]: value } } }));

describe('a policy is public', () => {
  it.each<[string, BucketState]>([
    ['for *', policy(statement())],
    ['for AWS *', policy(statement({ Principal: { AWS: '*' } }))],
    ['for * in a list', policy(statement({ Principal: { AWS: ['arn:aws:iam::111122223333:root', '*'] } }))],
    ['for * of another kind', policy(statement({ Principal: { Federated: '*' } }))],
    [
      'for everybody but one',
      policy(statement({ Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::1:root' } })),
    ],
    ['in the second statement', policy(statement({ Principal: { AWS: '111122223333' } }), statement())],
    ['with its statement not in a list', { grants: [], policy: JSON.stringify({ Statement: statement() }) }],
    ['beside a denial', policy(statement(), statement({ Effect: 'Deny', Action: 's3:DeleteObject' }))],
    ['over TLS only', when('Bool', 'aws:SecureTransport', 'true')],
    ['with a referer', when('StringLike', 'aws:Referer', 'https://example.com/*')],
    ['from every address', when('IpAddress', 'aws:SourceIp', '0.0.0.0/0')],
    ['from every IPv6 address', when('IpAddress', 'aws:SourceIp', '::/0')],
    ['from half of all addresses', when('IpAddress', 'aws:SourceIp', ['0.0.0.0/1', '128.0.0.0/1'])],
    ['from one address or every', when('IpAddress', 'aws:SourceIp', ['203.0.113.7/32', '0.0.0.0/0'])],
    ['but not from an address', when('NotIpAddress', 'aws:SourceIp', '203.0.113.0/24')],
    ['but not for an organization', when('StringNotEquals', 'aws:PrincipalOrgID', 'o-abcdefghij')],
    ['if there is an organization', when('StringEqualsIfExists', 'aws:PrincipalOrgID', 'o-abcdefghij')],
    ['for any organization', when('StringLike', 'aws:PrincipalOrgID', 'o-*')],
    ['for any path', when('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths', '*')],
    ['for all values, absent ones included', when('ForAllValues:StringEquals', 'aws:PrincipalOrgID', 'o-abcdefghij')],
    ['for a variable', when('StringEquals', 'aws:PrincipalAccount', `\${aws:PrincipalAccount}`)],
    ['for any account of an ARN', when('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/deployer')],
    ['for a list that is empty', when('StringEquals', 'aws:PrincipalOrgID', [])],
    ['when a key exists', when('Null', 'aws:PrincipalOrgID', 'false')],
  ])('%s', (_, state) => {
    expect(isPublic(exposureWays(state))).toBe(true);
  });
});

describe('a policy is not public', () => {
  it.each<[string, BucketState]>([
    ['that is not there', { grants: [] }],
    ['for an account', policy(statement({ Principal: { AWS: '444455556666' } }))],
    ['for a role', policy(statement({ Principal: { AWS: 'arn:aws:iam::444455556666:role/reader' } }))],
    ['for a service', policy(statement({ Principal: { Service: 'cloudtrail.amazonaws.com' } }))],
    ['that denies everybody', policy(statement({ Effect: 'Deny' }))],
    ['that denies everybody but one', policy(statement({ Effect: 'Deny', Principal: undefined, NotPrincipal: '*' }))],
    ['from an address', when('IpAddress', 'aws:SourceIp', '203.0.113.7')],
    ['from a network', when('IpAddress', 'aws:SourceIp', ['203.0.113.0/24', '10.0.0.0/8', '2001:db8::/32'])],
    ['for an organization', when('StringEquals', 'aws:PrincipalOrgID', 'o-abcdefghij')],
    ['for an organization, in other letters', when('stringequals', 'AWS:PRINCIPALORGID', 'o-abcdefghij')],
    ['for a unit', when('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths', 'o-abcdefghij/r-ab12/ou-ab12-1/*')],
    ['from an endpoint', when('StringEquals', 'aws:SourceVpce', 'vpce-1a2b3c4d')],
    ['for the roles of an account', when('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::444455556666:role/*')],
    ['by an access point', when('StringEquals', 's3:DataAccessPointAccount', '111122223333')],
    [
      'over TLS and for an organization',
      policy(
        statement({
          Condition: { Bool: { 'aws:SecureTransport': 'true' }, StringEquals: { 'aws:PrincipalOrgID': 'o-abc' } },
        }),
      ),
    ],
  ])('%s', (_, state) => {
    expect(isPublic(exposureWays(state))).toBe(false);
  });
});

describe('what a policy opens', () => {
  it.each([
    ['s3:GetObject', ['read']],
    ['s3:getobject', ['read']],
    [
      ['s3:GetObject', 's3:ListBucket'],
      ['read', 'list'],
    ],
    ['s3:Get*', ['read', 'permissions']],
    ['s3:*Object', ['read', 'write']],
    ['s3:?etObject', ['read']],
    ['s3:PutBucketAcl', ['permissions']],
    ['s3:Put*', ['write', 'permissions']],
    ['s3:*', ['read', 'list', 'write', 'permissions']],
    ['*', ['read', 'list', 'write', 'permissions']],
    ['s3:GetBucketLocation', []],
  ])('by %j is %j', (Action, expected) => {
    expect(exposureWays(policy(statement({ Action })))[0]?.access).toEqual(expected);
  });

  it('by NotAction is everything else', () => {
    const state = policy(statement({ Action: undefined, NotAction: ['s3:Put*', 's3:Delete*', 's3:RestoreObject'] }));
    expect(exposureWays(state)[0]?.access).toEqual(['read', 'list', 'permissions']);
  });

  it('is named by the Sid or the number of its statement', () => {
    const ways = exposureWays(policy(statement({ Sid: 'Download' }), statement()));
    expect(ways.map((way) => way.what)).toEqual(['statement Download', 'statement 2']);
  });

  it('is told quickly, whatever somebody has written', () => {
    const state = policy(statement({ Action: [`s3:${'*a'.repeat(9000)}`, `s3:${'*'.repeat(9000)}x`] }));

    // A matcher that tries every way does not come back before the test's time is over.
    expect(exposureWays(state)[0]?.access).toEqual([]);
  });
});

describe('an ACL', () => {
  it.each([
    [ALL_USERS, 'READ', 'everyone', ['list']],
    [ALL_USERS, 'WRITE', 'everyone', ['write']],
    [AUTHENTICATED, 'READ_ACP', 'any AWS account', ['permissions']],
    [AUTHENTICATED, 'FULL_CONTROL', 'any AWS account', ['list', 'write', 'permissions']],
  ])('opens to %s by %s', (uri, permission, who, access) => {
    expect(exposureWays(acl(uri, permission))).toEqual([{ via: 'acl', who, access, what: `grant ${permission}` }]);
  });

  it('opens nothing to the log delivery and to accounts', () => {
    const grants = [
      { Grantee: { URI: LOG_DELIVERY }, Permission: 'WRITE' },
      { Grantee: { ID: 'abc' }, Permission: 'READ' },
    ];
    expect(exposureWays({ grants })).toEqual([]);
  });
});

describe('what holds it back', () => {
  const both: BucketState = { ...policy(statement()), grants: acl(ALL_USERS).grants };
  const blockedBy = (state: BucketState) => exposureWays(state).map((way) => way.blockedBy);

  it.each<[string, Partial<BucketState>, (string | undefined)[]]>([
    ['nothing', {}, [undefined, undefined]],
    ['no setting', { block: none, accountBlock: none }, [undefined, undefined]],
    ['BlockPublicAcls closes nothing', { block: only('BlockPublicAcls') }, [undefined, undefined]],
    ['BlockPublicPolicy closes nothing', { block: only('BlockPublicPolicy') }, [undefined, undefined]],
    ['IgnorePublicAcls', { block: only('IgnorePublicAcls') }, [undefined, 'IgnorePublicAcls of the bucket']],
    [
      'RestrictPublicBuckets',
      { block: only('RestrictPublicBuckets') },
      ['RestrictPublicBuckets of the bucket', undefined],
    ],
    [
      "the account's settings",
      { block: none, accountBlock: fullBlock },
      ['RestrictPublicBuckets of the account', 'IgnorePublicAcls of the account'],
    ],
    [
      'one of each',
      { block: only('IgnorePublicAcls'), accountBlock: only('RestrictPublicBuckets') },
      ['RestrictPublicBuckets of the account', 'IgnorePublicAcls of the bucket'],
    ],
    ['the ownership', { ownership: 'BucketOwnerEnforced' }, [undefined, 'BucketOwnerEnforced']],
    ['another ownership does not', { ownership: 'ObjectWriter' }, [undefined, undefined]],
  ])('%s', (_, state, expected) => {
    expect(blockedBy({ ...both, ...state })).toEqual(expected);
  });

  it('is never less with one setting more', () => {
    const block = fc.record({
      BlockPublicAcls: fc.boolean(),
      IgnorePublicAcls: fc.boolean(),
      BlockPublicPolicy: fc.boolean(),
      RestrictPublicBuckets: fc.boolean(),
    });
    const setting = fc.constantFrom(...(Object.keys(none) as (keyof Block)[]));
    const property = fc.property(block, fc.option(block, { nil: undefined }), setting, (own, account, more) => {
      const open = (state: BucketState) => exposureWays(state).filter((way) => !way.blockedBy).length;
      const before = open({ ...both, block: own, accountBlock: account });
      const after = open({ ...both, block: { ...own, [more]: true }, accountBlock: account });

      expect(after).toBeLessThanOrEqual(before);
    });

    fc.assert(property);
    expect(isPublic(exposureWays({ ...both, block: fullBlock }))).toBe(false);
  });

  it('is said in words', () => {
    expect(blockWords(undefined)).toBe('no public access block');
    expect(blockWords(fullBlock)).toBe('all four settings on');
    expect(blockWords(only('IgnorePublicAcls'))).toBe('BlockPublicAcls, BlockPublicPolicy, RestrictPublicBuckets off');
    expect([isFull(undefined), isFull(only('IgnorePublicAcls')), isFull(fullBlock)]).toEqual([false, false, true]);
  });
});
