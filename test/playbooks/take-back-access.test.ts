import { describe, expect, it } from 'vitest';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { outcomeOf } from '../../playbooks/outcome.ts';
import { summaryMail } from '../../playbooks/report/report.ts';
import { did, event, incident } from './incidents.ts';

const known = { deployment: false, protected: false, baselines: [] };
const iam = (eventName: string, requestParameters: object | null, rest: object = {}) =>
  call('iam.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });
const policy = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const trust = (AWS: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
  });

const madeKey = iam(
  'CreateAccessKey',
  { userName: 'ci' },
  { responseElements: { accessKey: { userName: 'ci', accessKeyId: 'AKIAEXAMPLE7BACKDOOR' } } },
);

describe('what gives nobody anything', () => {
  it.each([
    ['a key for oneself', iam('CreateAccessKey', { userName: 'mallory' }), /for himself/],
    ['a key for oneself that names nobody', iam('CreateAccessKey', null), /for himself/],
    ['a key for another', madeKey, undefined],
    ['a new password for oneself', iam('UpdateLoginProfile', { userName: 'mallory' }), /for himself/],
    ['a password for another', iam('CreateLoginProfile', { userName: 'ci' }), undefined],
    [
      'an inline policy for S3',
      iam('PutUserPolicy', { userName: 'ci', policyName: 'a', policyDocument: policy('s3:*') }),
      /no administrator/,
    ],
    [
      'an inline policy for everything',
      iam('PutUserPolicy', { userName: 'ci', policyName: 'a', policyDocument: policy('*') }),
      undefined,
    ],
    ['a policy made for everything', iam('CreatePolicy', { policyName: 'a', policyDocument: policy('*') }), undefined],
    [
      'a role for this account',
      iam('CreateRole', { roleName: 'a', assumeRolePolicyDocument: trust('arn:aws:iam::111122223333:root') }),
      /nobody of another account/,
    ],
    [
      'a role for another account',
      iam('CreateRole', { roleName: 'a', assumeRolePolicyDocument: trust('999988887777') }),
      undefined,
    ],
    [
      'a trust policy for everybody',
      iam('UpdateAssumeRolePolicy', { roleName: 'a', policyDocument: trust('*') }),
      undefined,
    ],
    [
      'a trust policy that cannot be read',
      iam('UpdateAssumeRolePolicy', { roleName: 'a', policyDocument: 'all' }),
      undefined,
    ],
  ])('row: credentials: %s: judged by the record: %s', (_, record, reason) => {
    const judged = responseOf('take-back-access').harmless?.(cloudTrailRecord.parse(record), known);

    if (reason) expect(judged).toMatch(reason);
    else expect(judged).toBeUndefined();
  });
});

describe('the key of the user of a simulation', () => {
  const made = (userName: string, by: boolean) =>
    responseOf('take-back-access').harmless?.(cloudTrailRecord.parse(iam('CreateAccessKey', { userName })), {
      ...known,
      protected: by,
    });

  it('is benign where a protected principal made it, and nowhere else', () => {
    expect(made('cordon-sim-1a2b3c-mallory', true)).toBe('a protected principal made it for the user of a simulation');
    expect(made('cordon-sim-1a2b3c-mallory', false)).toBeUndefined();
    expect(made('ci', true)).toBeUndefined();
  });
});

const tagged = did('tag-iam-user', { user: 'mallory' }, 'verified');
const mail = (detection: string, rest: Parameters<typeof incident>[1]) => {
  const { response } = detectionOf(detection);
  const one = incident(detection, rest);
  const outcome = outcomeOf(one, responseOf(response));
  return { outcome, ...summaryMail({ ...one, outcome }, detectionOf(detection), responseOf(response)) };
};

describe('taking access back', () => {
  it('is contained when the key is deactivated, and says to whom it was given', () => {
    const { outcome, text, subject } = mail('access-key-made', {
      events: [event('03:00:05', madeKey, 'offence')],
      actions: [
        tagged,
        did('deactivate-access-key', { user: 'ci', key: 'AKIAEXAMPLE7BACKDOOR' }, 'verified', {
          beforeWords: 'active',
          afterWords: 'inactive',
        }),
        did('disable-iam-user', { user: 'mallory' }, 'proposed'),
      ],
    });

    expect(outcome).toBe('contained');
    expect(subject).toBe('[cordon] CRITICAL CONTAINED: access-key-made, ci, 111122223333');
    expect(text).toContain('CreateAccessKey, userName ci, access key AKIAEXAMPLE7BACKDOOR, by IAM user mallory');
    expect(text).toContain('Ask who gave the access');
  });

  it('is not contained while somebody knows a password, and names the user', () => {
    const given = [event('03:00:05', iam('CreateLoginProfile', { userName: 'ci' }), 'offence' as const)];
    const open = mail('login-profile-made', { events: given, actions: [tagged] });
    const held = mail('login-profile-made', {
      events: given,
      actions: [tagged, did('disable-iam-user', { user: 'ci' }, 'verified')],
    });

    expect(open.outcome).toBe('needs-analyst');
    expect(open.text).toContain('IAM user ci has a console password that somebody else knows');
    expect(open.text).toContain('aws iam delete-login-profile --user-name ci');
    expect(held.outcome).toBe('contained');
  });

  it('tells that a role lets in everybody, and asks where its trust was changed', () => {
    const changed = event(
      '03:00:05',
      iam('UpdateAssumeRolePolicy', { roleName: 'ci', policyDocument: trust('*') }),
      'offence',
    );
    const made = event(
      '03:00:06',
      iam('CreateRole', { roleName: 'new', assumeRolePolicyDocument: trust('999988887777') }),
      'offence',
    );
    const { contain } = responseOf('take-back-access');
    const close = contain.find(({ action }) => action === 'close-role-trust');
    const modeOf = (...events: (typeof changed)[]) =>
      typeof close?.mode === 'function' &&
      close.mode(incident('role-trust-opened', { events }), 'user:mallory', defaultOptions);

    expect(modeOf(made)).toBe('auto');
    expect(modeOf(made, changed)).toBe('approve');
    expect(modeOf()).toBeUndefined();
    const { outcome, text } = mail('role-trust-opened', { events: [changed, made], actions: [tagged] });
    expect(outcome).toBe('needs-analyst');
    expect(text).toContain('lets in EVERYBODY');
    expect(text).toContain('lets in account 999988887777');
    expect(text).not.toContain('"Statement"');
  });

  it('leaves a policy that was made to a person, with its name', () => {
    const { outcome, text } = mail('admin-rights-given', {
      events: [
        event('03:00:05', iam('CreatePolicy', { policyName: 'support', policyDocument: policy('*') }), 'offence'),
      ],
      actions: [tagged],
    });

    expect(outcome).toBe('needs-analyst');
    expect(text).toContain('aws iam list-entities-for-policy --policy-arn support');
  });

  it.each([
    ['off', undefined],
    ['approve', 'approve'],
    ['auto', 'auto'],
  ] as const)('disables who gave it as disableGiver=%s says', (disableGiver, expected) => {
    const { contain } = responseOf('take-back-access');
    const one = contain.find(({ action }) => action === 'disable-iam-user');
    const mode = one?.mode;

    const decided =
      typeof mode === 'function'
        ? mode(incident('access-key-made'), 'user:mallory', { ...defaultOptions, disableGiver })
        : mode;

    expect(decided).toBe(expected);
  });
});

describe('a missing second factor', () => {
  it('names whose device it was, also by the device alone, and waits for a person', () => {
    const serialNumber = 'arn:aws:iam::111122223333:mfa/alice';
    const { outcome, subject, text } = mail('mfa-deactivated', {
      events: [event('03:00:05', iam('DeleteVirtualMFADevice', { serialNumber }), 'offence')],
      actions: [tagged, did('disable-iam-user', { user: 'mallory' }, 'proposed')],
    });

    expect(outcome).toBe('needs-analyst');
    expect(subject).toContain('user alice');
    expect(text).toContain('IAM user alice may have no second factor');
    expect(text).toContain('aws iam list-mfa-devices --user-name alice');
  });
});
