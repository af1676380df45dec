import { describe, expect, it } from 'vitest';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import { defaultOptions, type Options } from '../../playbooks/options.ts';
import { Desk, eventId } from './desk.ts';

const OFFICE = '198.51.100.23';
const hidden = {
  type: 'IAMUser',
  accountId: '111122223333',
  accessKeyId: '',
  userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
};
type Identity = Record<string, unknown>;

let second = 0;
const at = () => ({ eventID: eventId(), eventTime: `2026-05-01T03:00:${String(second++ % 60).padStart(2, '0')}Z` });
const failed = (user: Identity, sourceIPAddress = OFFICE) =>
  signIn(user, 'Failure', { ...at(), sourceIPAddress, errorMessage: 'Failed authentication' });
const succeeded = (user: Identity, MFAUsed: 'Yes' | 'No', sourceIPAddress = OFFICE) =>
  signIn(user, 'Success', { ...at(), sourceIPAddress, additionalEventData: { MFAUsed } });
const times = (count: number, make: (index: number) => object) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Plays records to the playbook's steps up to the mail. */
async function answered(records: () => object[], options: Partial<Options> = {}) {
  second = 0;
  const desk = new Desk({ options: { ...defaultOptions, ...options } });
  for (const name of ['alice', 'bob', 'carol']) desk.account.users[name] = { keys: [], policies: {}, tags: {} };
  desk.account.logs = records().map((record) => JSON.stringify(record));
  const incidentId = await desk.open('failed-console-logins');
  await collect({ incidentId, round: 0, empty: 0 }, desk.context);
  await investigate({ incidentId }, desk.context);
  const found = await desk.context.ledger.incident(incidentId);
  await summarize({ incidentId, round: 0 }, desk.context);
  const { severity } = await desk.context.ledger.head(incidentId);
  return {
    ...found,
    severity,
    actions: found.actions.map(({ action, label, status }) => `${action}, ${label}: ${status}`).sort(),
    disabling: found.actions.find(({ action }) => action === 'disable-iam-user'),
    mail: desk.account.mails.at(-1)?.text ?? '',
  };
}

describe('who guesses', () => {
  it.each<[string, () => object[], string]>([
    ['brute force', () => times(6, () => failed(iamUser('alice'))), 'brute force: one user'],
    [
      'spray',
      () => times(6, (index) => failed(iamUser(['alice', 'bob', 'carol'][index % 3] ?? ''))),
      'password spray: many users from one address',
    ],
    [
      'distributed',
      () => times(6, (index) => failed(iamUser('alice'), `203.0.113.${index}`)),
      'distributed: one user from many addresses',
    ],
  ])('row: logins: %s: is told apart, with first, last and rate', async (_, records, words) => {
    const { mail, severity } = await answered(records);

    expect(mail).toContain(words);
    expect(mail).toContain('6 failed sign-ins from 03:00:00Z to 03:00:05Z, 6 a minute');
    expect(mail).toContain('No successful sign-in by these users or from these addresses');
    expect(severity).toBe('MEDIUM');
  });

  it('row: logins: unknown users and root: are named as such, with nobody to disable', async () => {
    const { actions, mail } = await answered(() => [
      ...times(4, () => failed(hidden)),
      ...times(2, () => failed({ ...root, arn: undefined, accessKeyId: '' })),
    ]);

    expect(actions).toEqual([]);
    expect(mail).toContain('a user name that does not exist (no such user in this account), 4 failures');
    expect(mail).toContain('- root, 2 failures');
    expect(mail).toContain('Ask who holds the root credentials');
  });
});

describe('a success after failures', () => {
  const guessed = (mfa: 'Yes' | 'No') => () => [
    ...times(5, () => failed(iamUser('alice'))),
    succeeded(iamUser('alice'), mfa),
  ];

  it.each<[Options['loginSuccess'], 'Yes' | 'No', string]>([
    ['declared', 'No', 'planned'],
    ['declared', 'Yes', 'proposed'],
    ['approve', 'No', 'proposed'],
    ['approve', 'Yes', 'proposed'],
    ['auto', 'No', 'planned'],
    ['auto', 'Yes', 'planned'],
  ])(
    'row: logins: success, loginSuccess=%s, MFA %s: the user’s containment is %s',
    async (loginSuccess, mfa, status) => {
      const { actions, severity, mail } = await answered(guessed(mfa), { loginSuccess });

      expect(actions).toContain(`disable-iam-user, IAM user alice: ${status}`);
      expect(severity).toBe('HIGH');
      expect(mail).toContain(mfa === 'Yes' ? ', with MFA' : 'WITHOUT MFA');
    },
  );

  it('row: logins: success, loginSuccess=approve-then-auto: is proposed, and done where nobody answers in time', async () => {
    const records = () => [...times(5, () => failed(iamUser('alice'))), succeeded(iamUser('alice'), 'No')];
    const found = await answered(records, { loginSuccess: 'approve-then-auto' });

    const disable = found.actions.find((one) => one.startsWith('disable-iam-user'));
    expect(disable).toBe('disable-iam-user, IAM user alice: proposed');
    expect(found.disabling).toMatchObject({ onTimeout: 'contain' });
  });

  it('locks nobody out whose password somebody else guesses from elsewhere', async () => {
    const { actions, severity } = await answered(() => [
      ...times(5, () => failed(iamUser('alice'))),
      succeeded(iamUser('alice'), 'No', '192.0.2.9'),
    ]);

    expect(actions).toContain('disable-iam-user, IAM user alice: proposed');
    expect(severity).toBe('HIGH');
  });

  it('row: logins: success by another user from the same address: raises the severity and is proposed', async () => {
    const { actions, severity } = await answered(() => [
      ...times(5, () => failed(iamUser('alice'))),
      succeeded(iamUser('bob'), 'No'),
    ]);

    expect(actions).toContain('disable-iam-user, IAM user bob: proposed');
    expect(severity).toBe('HIGH');
  });

  it('row: logins: success of a role’s session from that address: its sessions’ revocation is proposed', async () => {
    const session = {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:eve',
      arn: 'arn:aws:sts::111122223333:assumed-role/saml-admin/eve',
      accountId: '111122223333',
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::111122223333:role/saml-admin', userName: 'saml-admin' },
      },
    };

    const { actions, mail } = await answered(() => [
      ...times(5, () => failed(iamUser('alice'))),
      succeeded(session, 'No'),
    ]);

    expect(actions).toContain('revoke-role-sessions, role saml-admin: proposed');
    expect(mail).toContain('AttributeKey=Username,AttributeValue=eve');
  });

  it('row: logins: success of somebody else from elsewhere: is nobody’s concern', async () => {
    const { actions, severity } = await answered(() => [
      ...times(5, () => failed(iamUser('alice'))),
      succeeded(iamUser('bob'), 'No', '192.0.2.9'),
    ]);

    expect(actions).toEqual(['tag-iam-user, IAM user alice: planned']);
    expect(severity).toBe('MEDIUM');
  });
});

describe('the optional actions', () => {
  const records = () => times(6, (index) => failed(iamUser('alice'), index % 2 ? OFFICE : '2001:db8::7'));

  it('row: logins: optional actions: are left out unless a deployment asks for them', async () => {
    expect((await answered(records)).actions).toEqual(['tag-iam-user, IAM user alice: planned']);
  });

  it.each([
    ['approve', 'proposed'],
    ['auto', 'planned'],
  ] as const)('row: logins: optional actions: set to %s are %s', async (choice, status) => {
    const { actions } = await answered(records, { denyAddresses: choice, newPassword: choice });

    expect(actions).toEqual([
      `deny-addresses, IAM user alice from ${OFFICE}, 2001:db8::7: ${status}`,
      `require-new-password, IAM user alice: ${status}`,
      'tag-iam-user, IAM user alice: planned',
    ]);
  });

  it('row: logins: optional actions: an address that is none, such as a service’s name, is not denied', async () => {
    const { actions } = await answered(() => times(5, () => failed(iamUser('alice'), 'AWS Internal')), {
      denyAddresses: 'auto',
    });

    expect(actions).toEqual(['tag-iam-user, IAM user alice: planned']);
  });
});
