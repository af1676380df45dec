import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actorKinds, actorOf } from '../../playbooks/actor.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';

const ACCOUNT = '111122223333';

/** A record by an identity, as it is after parsing. */
const by = (userIdentity: unknown, rest: object = {}): CloudTrailRecord =>
  cloudTrailRecord.parse({ eventID: 'e-1', eventTime: '2026-05-01T03:00:00Z', userIdentity, ...rest });

const session = (issuer: unknown, arn = `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/build-7`) => ({
  type: 'AssumedRole',
  principalId: 'AROAEXAMPLE7DEPLOYER:build-7',
  arn,
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer: issuer },
});
const issuer = (userName: string) => ({
  type: 'Role',
  principalId: 'AROAEXAMPLE7DEPLOYER',
  arn: `arn:aws:iam::${ACCOUNT}:role/${userName}`,
  accountId: ACCOUNT,
  userName,
});

describe('actorOf', () => {
  it.each([
    [
      'an IAM user',
      { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/mallory`, accountId: ACCOUNT, userName: 'mallory' },
      { kind: 'iam-user', key: 'user:mallory', name: 'mallory', label: 'IAM user mallory' },
    ],
    [
      'an IAM user with a path, named in the ARN only',
      { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/staff/mallory` },
      { kind: 'iam-user', key: 'user:mallory', arn: `arn:aws:iam::${ACCOUNT}:user/staff/mallory` },
    ],
    [
      'an IAM user at sign-in, without ARN',
      { type: 'IAMUser', accountId: ACCOUNT, userName: 'mallory' },
      { kind: 'iam-user', arn: `arn:aws:iam::${ACCOUNT}:user/mallory` },
    ],
    [
      'an IAM user through a service: the user is the actor',
      {
        type: 'IAMUser',
        arn: `arn:aws:iam::${ACCOUNT}:user/m`,
        userName: 'm',
        invokedBy: 'cloudformation.amazonaws.com',
      },
      { kind: 'iam-user', key: 'user:m' },
    ],
    [
      'a user name that does not exist',
      { type: 'IAMUser', accountId: ACCOUNT, accessKeyId: '', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      { kind: 'unknown', label: 'a user name that does not exist' },
    ],
    ['an IAM user of whom nothing is known', { type: 'IAMUser' }, { kind: 'unknown', label: 'an unknown principal' }],
    [
      'root',
      { type: 'Root', principalId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT },
      { kind: 'root', key: 'root', arn: `arn:aws:iam::${ACCOUNT}:root` },
    ],
    ['root without ARN', { type: 'Root' }, { kind: 'root', arn: `arn:aws:iam::${ACCOUNT}:root` }],
    [
      'an assumed role',
      session(issuer('deployer')),
      { kind: 'assumed-role', key: 'role:deployer:', name: 'deployer', session: 'build-7' },
    ],
    [
      'an assumed role with an empty issuer: the ARN names it',
      session({}),
      { kind: 'assumed-role', name: 'deployer', arn: `arn:aws:iam::${ACCOUNT}:role/deployer`, session: 'build-7' },
    ],
    ['an assumed role without session context', session(null), { kind: 'assumed-role', name: 'deployer' }],
    [
      'an assumed role without anything',
      { type: 'AssumedRole', sessionContext: {} },
      { kind: 'unknown', label: 'an unknown principal' },
    ],
    [
      'an Identity Center role: each session is a person',
      session(
        issuer('AWSReservedSSO_Admin_0123456789abcdef'),
        `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com`,
      ),
      { kind: 'identity-center-role', session: 'alice@example.com' },
    ],
    [
      'a federated user',
      { type: 'FederatedUser', arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`, accountId: ACCOUNT },
      { kind: 'federated-user', key: 'federated:bob', name: 'bob' },
    ],
    [
      'an AWS service',
      { type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' },
      { kind: 'aws-service', key: 'service:cloudtrail.amazonaws.com' },
    ],
    ['a service without type', { invokedBy: 'config.amazonaws.com' }, { kind: 'aws-service' }],
    [
      'a role of another account',
      {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::444455556666:assumed-role/r/s',
        accountId: '444455556666',
        sessionContext: { sessionIssuer: issuer('r') },
      },
      { kind: 'other-account', accountId: '444455556666' },
    ],
    [
      'a user of another account, known by the ARN only',
      { type: 'IAMUser', arn: 'arn:aws:iam::444455556666:user/mallory', userName: 'mallory' },
      { kind: 'other-account' },
    ],
    ['an account', { type: 'AWSAccount', principalId: 'AIDAX', accountId: '444455556666' }, { kind: 'other-account' }],
    [
      'nobody, as anonymous S3 calls have it',
      { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
      { kind: 'unknown' },
    ],
    ['an identity without type', { principalId: 'AIDAEXAMPLE' }, { kind: 'unknown', label: 'AIDAEXAMPLE' }],
    ['an empty identity', {}, { kind: 'unknown', label: 'an unknown principal' }],
    ['no identity (null)', null, { kind: 'unknown' }],
    ['no identity (absent)', undefined, { kind: 'unknown' }],
    ['a type that nobody knows yet', { type: 'Robot', arn: 'arn:aws:iam::1:x/y' }, { kind: 'unknown' }],
  ])('knows %s', (_, identity, expected) => {
    expect(actorOf(by(identity), ACCOUNT)).toMatchObject(expected);
  });

  it('tells sessions of an Identity Center role apart, and those of a role not', () => {
    const sso = (who: string) => session({}, `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Admin_1/${who}`);
    const role = (who: string) => session({}, `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/${who}`);

    expect(actorOf(by(sso('alice')), ACCOUNT).key).not.toBe(actorOf(by(sso('bob')), ACCOUNT).key);
    expect(actorOf(by(role('build-7')), ACCOUNT).key).toBe(actorOf(by(role('build-8')), ACCOUNT).key);
  });

  it('never throws, whatever the identity is, and says the same of the same', () => {
    const names = ['type', 'principalId', 'arn', 'accountId', 'userName', 'invokedBy', 'sessionContext'];
    const types = fc.constantFrom('Root', 'IAMUser', 'AssumedRole', 'FederatedUser', 'AWSService', 'AWSAccount', '');
    const odd = fc.dictionary(fc.constantFrom(...names, 'sessionIssuer', '__proto__'), fc.jsonValue());
    const typed = fc.tuple(types, odd).map(([type, rest]) => ({ ...rest, type }));
    const property = fc.property(fc.oneof(fc.jsonValue(), odd, typed), (identity) => {
      const once = actorOf(by(identity), ACCOUNT);
      const again = actorOf(by(JSON.parse(JSON.stringify(identity))), ACCOUNT);

      expect(again).toEqual(once);
      expect(actorKinds).toContain(once.kind);
      expect(once.label).not.toBe('');
    });

    fc.assert(property, { numRuns: 1000 });
  });
});

describe('cloudTrailRecord', () => {
  it('takes every record that has an id and a time, and keeps what it does not know', () => {
    const fields = ['eventName', 'errorCode', 'userAgent', 'userIdentity', 'sourceIPAddress', 'readOnly', 'xyz'];
    const property = fc.property(fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()), (odd) => {
      const record = by(undefined, odd);

      expect(record.eventID).toBe('e-1');
      expect(record.xyz).toEqual(odd.xyz);
    });

    fc.assert(property, { numRuns: 500 });
  });

  it.each([
    { eventTime: '2026-05-01T03:00:00Z' },
    { eventID: 'e-1' },
    { eventID: 'e-1', eventTime: 'yesterday' },
    null,
  ])('refuses %j', (record) => {
    expect(cloudTrailRecord.safeParse(record).success).toBe(false);
  });
});
