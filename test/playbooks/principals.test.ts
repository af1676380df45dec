import { describe, expect, it } from 'vitest';
import { call, iamUser, root } from '../../playbooks/detections/samples.ts';
import type { Incident, ManualStep } from '../../playbooks/incident.ts';
import { containByHand, notContained, quoted, revokeSessions } from '../../playbooks/principals.ts';
import { did, event, incident } from './incidents.ts';

const ACCOUNT = '111122223333';

const role = (name: string, session: string) => ({
  type: 'AssumedRole',
  principalId: `AROAEXAMPLE7DEPLOYER:${session}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}`,
  accountId: ACCOUNT,
  accessKeyId: 'ASIAEXAMPLE7DEPLOYER',
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      principalId: 'AROAEXAMPLE7DEPLOYER',
      arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      accountId: ACCOUNT,
      userName: name,
    },
    attributes: { creationDate: '2026-05-01T02:00:00Z', mfaAuthenticated: 'false' },
  },
});
const federated = (sessionIssuer: unknown) => ({
  type: 'FederatedUser',
  principalId: `${ACCOUNT}:guest`,
  arn: `arn:aws:sts::${ACCOUNT}:federated-user/guest`,
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer },
});
const maker = { type: 'IAMUser', arn: `arn:aws:iam::${ACCOUNT}:user/maker`, accountId: ACCOUNT, userName: 'maker' };
const sso = 'AWSReservedSSO_AdministratorAccess_0123456789abcdef';

/** An incident of somebody who stopped the trail. */
const stoppedBy = (userIdentity: unknown, rest: Partial<Incident> = {}, of: object = {}): Incident =>
  incident('trail-tampering', {
    events: [
      event(
        '03:00:05',
        call(
          'cloudtrail.amazonaws.com',
          'StopLogging',
          {},
          { userIdentity, requestParameters: { name: 'cordon' }, ...of },
        ),
        'offence',
      ),
    ],
    ...rest,
  });
const inWords = (steps: ManualStep[]) => steps.flatMap(({ what, commands = [] }) => [what, ...commands]).join('\n');

describe('containByHand', () => {
  it('row: actors: Identity Center role: cannot be changed here, and the exact commands say how it is held', () => {
    const steps = inWords(containByHand(stoppedBy(role(sso, 'alice@example.com'))));

    expect(steps).toContain('permission set AdministratorAccess');
    expect(steps).toContain('aws identitystore get-user-id');
    expect(steps).toContain('"AttributeValue":"alice@example.com"');
    expect(steps).toContain(`aws sso-admin delete-account-assignment`);
    expect(steps).toContain(`--target-id ${ACCOUNT}`);
    expect(steps).toContain('identitystore:userId');
  });

  it('row: actors: federated user without a known maker: by hand, with the command that finds who made it', () => {
    for (const issuer of [{}, undefined, { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root` }]) {
      const found = stoppedBy(federated(issuer));

      expect(inWords(containByHand(found))).toContain('AttributeKey=EventName,AttributeValue=GetFederationToken');
      expect(notContained(found)).toEqual(['federated user guest is not contained']);
    }
  });

  it('row: actors: federated user with a known maker: held by disabling that user', () => {
    const held = did('disable-iam-user', { user: 'maker' }, 'verified');

    expect(containByHand(stoppedBy(federated(maker)))).toEqual([]);
    expect(notContained(stoppedBy(federated(maker)))).toHaveLength(1);
    expect(notContained(stoppedBy(federated(maker), { actions: [held] }))).toEqual([]);
  });

  it('row: actors: root: is not contained, and the manual step says what to change', () => {
    expect(inWords(containByHand(stoppedBy(root)))).toMatch(
      /sign in as root, change its password, replace its MFA device/,
    );
    expect(notContained(stoppedBy(root))).toEqual(['the root user is not contained']);
  });

  it('row: actors: AWS service: nobody to contain', () => {
    const service = stoppedBy({ type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' });

    expect(containByHand(service)).toEqual([]);
    expect(notContained(service)).toEqual([]);
  });

  it('row: actors: another account: by hand, where this account lets it in', () => {
    const other = { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '999988887777' };

    const steps = inWords(containByHand(stoppedBy(other)));

    expect(steps).toContain('AIDAEXAMPLE of account 999988887777');
    expect(steps).toContain("contains(to_string(AssumeRolePolicyDocument), '\\''999988887777'\\'')");
  });

  it.each([[null], [{}], [{ type: 'Unknown', accessKeyId: 'AKIAEXAMPLE7NOBODY77' }]])(
    'row: actors: unknown or missing (%j): nobody to contain, and where to look',
    (identity) => {
      const found = stoppedBy(identity);

      expect(inWords(containByHand(found))).toContain(
        `AttributeKey=EventId,AttributeValue=${found.events[0]?.record.eventID}`,
      );
      expect(notContained(found)).toHaveLength(1);
    },
  );

  it('row: actors: IAM user: needs nothing by hand', () => {
    expect(containByHand(stoppedBy(iamUser('mallory')))).toEqual([]);
  });

  it('names nobody whose calls were all refused', () => {
    const attempt = stoppedBy(role('deployer', 'build-7'));
    for (const one of attempt.events) one.verdict = 'attempt';

    expect(containByHand(attempt)).toEqual([]);
    expect(notContained(attempt)).toEqual([]);
  });
});

describe('revokeSessions', () => {
  const [service] = stoppedBy(role('AWSServiceRoleForConfig', 'ConfigSession')).events;
  const deployer = stoppedBy(role('deployer', 'build-7'), {
    findings: {
      'role-use': [
        { role: 'deployer', hours: 12, sessions: ['build-7', 'nightly'], assumedBy: [], atLeast: true, trusts: ['*'] },
      ],
    },
  });

  it('row: actors: service-linked role: its sessions cannot be revoked, and the manual step says so', () => {
    const found = stoppedBy(role('AWSServiceRoleForConfig', 'ConfigSession'));

    expect(service && revokeSessions.targets?.(found, service.actor)).toEqual([]);
    expect(inWords(containByHand(found))).toMatch(/belongs to an AWS service, and its sessions cannot be revoked/);
  });

  it('asks with what is known of the role’s use, and says where that is not all', () => {
    expect(revokeSessions.question?.(deployer, { role: 'deployer' })).toBe(
      'in the last 12 hours at least 2 sessions of it made calls (build-7, nightly), at least 0 principals (nobody was seen assuming it), it trusts *',
    );
    expect(revokeSessions.question?.(deployer, { role: 'other' })).toBeUndefined();
  });

  it.each(['proposed', 'verified'] as const)('counts the role as held only once it is: %s', (status) => {
    const found = stoppedBy(role('deployer', 'build-7'), {
      actions: [did('revoke-role-sessions', { role: 'deployer' }, status)],
    });

    expect(notContained(found)).toHaveLength(status === 'verified' ? 0 : 1);
  });
});

describe('quoted', () => {
  it.each([
    ['alice', 'alice'],
    ['a b', "'a b'"],
    ["a'; rm -rf /", "'a'\\''; rm -rf /'"],
    ['$(id)', "'$(id)'"],
    ['', "''"],
  ])('makes one word of %j', (text, word) => {
    expect(quoted(text)).toBe(word);
  });
});
