import { describe, expect, it } from 'vitest';
import { givesAdministrator, strangersOf, withoutStrangers } from '../../playbooks/policy-documents.ts';

const OWN = '111122223333';
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const trust = (Principal: unknown, rest: object = {}) => ({
  Effect: 'Allow',
  Principal,
  Action: 'sts:AssumeRole',
  ...rest,
});

describe('administrator rights', () => {
  it.each([
    ['everything', policy({ Effect: 'Allow', Action: '*', Resource: '*' }), true],
    ['everything, by a service wildcard', policy({ Effect: 'Allow', Action: ['*:*'], Resource: ['*'] }), true],
    ['all of IAM', policy({ Effect: 'Allow', Action: ['s3:GetObject', 'iam:*'], Resource: '*' }), true],
    ['everything but some', policy({ Effect: 'Allow', NotAction: 'aws-portal:*', Resource: '*' }), true],
    ['everything but on some', policy({ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::a' }), true],
    ['a statement alone, not in a list', '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', true],
    ['a document as IAM gives it', encodeURIComponent(policy({ Effect: 'Allow', Action: '*', Resource: '*' })), true],
    ['a text that is no document', 'all of it', true],
    ['all of S3', policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' }), false],
    ['everything on one bucket', policy({ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::a/*' }), false],
    ['everything denied', policy({ Effect: 'Deny', Action: '*', Resource: '*' }), false],
  ])('row: credentials: policy document with %s: administrator rights: %s', (_, document, expected) => {
    expect(givesAdministrator(document)).toBe(expected);
  });
});

describe('a trust policy', () => {
  it.each([
    ['another account', { AWS: 'arn:aws:iam::999988887777:root' }, ['999988887777']],
    ['another account by its number', { AWS: '999988887777' }, ['999988887777']],
    [
      'a role of another account, among others',
      { AWS: [`arn:aws:iam::${OWN}:root`, 'arn:aws:iam::999988887777:role/a'] },
      ['999988887777'],
    ],
    ['everybody', '*', ['*']],
    ['everybody, as AWS principals', { AWS: '*' }, ['*']],
    ['the account itself', { AWS: `arn:aws:iam::${OWN}:root` }, []],
    ['a service', { Service: 'ec2.amazonaws.com' }, []],
    ['an identity provider', { Federated: `arn:aws:iam::${OWN}:saml-provider/idp` }, []],
    ['a principal that was deleted', { AWS: 'AROAEXAMPLE7DELETED77' }, []],
  ])('row: credentials: trust policy for %s: lets in from elsewhere: %j', (_, principal, expected) => {
    expect(strangersOf(policy(trust(principal)), OWN)).toEqual(expected);
  });

  it('lets in everybody but some, and nobody by a denial', () => {
    const but = { Effect: 'Allow', NotPrincipal: { AWS: `arn:aws:iam::${OWN}:root` }, Action: 'sts:AssumeRole' };

    expect(strangersOf(policy(but), OWN)).toEqual(['*']);
    expect(strangersOf(policy(trust('*', { Effect: 'Deny' })), OWN)).toEqual([]);
    expect(strangersOf('nothing', OWN)).toBeUndefined();
  });

  it('without those of elsewhere keeps the rest as it was', () => {
    const services = trust({ Service: 'ec2.amazonaws.com' });
    const mixed = trust(
      { AWS: [`arn:aws:iam::${OWN}:root`, '999988887777'], Service: 'ecs.amazonaws.com' },
      { Sid: 'a' },
    );
    const document = { Version: '2012-10-17', Statement: [services, mixed, trust('*')] };

    expect(withoutStrangers(document, OWN)).toEqual({
      Version: '2012-10-17',
      Statement: [
        services,
        { ...mixed, Principal: { AWS: [`arn:aws:iam::${OWN}:root`], Service: 'ecs.amazonaws.com' } },
      ],
    });
  });

  it('that trusted others only lets in nobody, and still has a statement', () => {
    const closed = withoutStrangers({ Statement: trust({ AWS: '999988887777' }) }, OWN);

    expect(strangersOf(closed, OWN)).toEqual([]);
    expect(closed.Statement).toMatchObject([{ Effect: 'Deny', Principal: { AWS: '*' } }]);
  });
});
