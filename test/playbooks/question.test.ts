import { describe, expect, it } from 'vitest';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { afterAnswer, approvalOf, fits, partyTo, personOf, taskOf } from '../../playbooks/question.ts';
import { did, event, incident } from './incidents.ts';

const ACCOUNT = '111122223333';
const stop = (who: Record<string, unknown>) => call('cloudtrail.amazonaws.com', 'StopLogging', who);
const session = (role: string, name: string) => `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`;
const assumed = (role: string) => ({
  type: 'AssumedRole',
  arn: session(role, 'build-7'),
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer: { type: 'Role', userName: role, arn: `arn:aws:iam::${ACCOUNT}:role/${role}` } },
});

describe('a question about an action', () => {
  const disable = did('disable-iam-user', { user: 'mallory' }, 'proposed', { reason: 'the cap is reached' });

  it('says what to whom, why, by which calls, what else it touches, and how it is undone', () => {
    const stopped = event('03:00:05', stop(iamUser('mallory')), 'offence');
    const asked = approvalOf(
      { ...disable, because: [stopped.record.eventID] },
      incident('trail-tampering', { events: [stopped] }),
      'everything that the user runs stops',
    );

    expect(asked).toMatchObject({
      key: disable.key,
      what: 'disable the IAM user (access keys inactive, everything denied), IAM user mallory',
      why: ['the cap is reached', '03:00:05Z StopLogging by IAM user mallory'],
      blastRadius: 'everything that the user runs stops',
      undo: `npx cordon undo trail-tampering-20260501-030112-4f1a ${disable.key}`,
      onTimeout: 'nothing',
      twoPersons: false,
    });
  });

  it('never does on a timeout what cannot be undone, whatever is declared', () => {
    const asked = approvalOf(
      { ...disable, irreversible: 'the keys are deleted', onTimeout: 'contain' },
      incident('root-usage'),
      'root',
    );
    expect(asked).toMatchObject({ onTimeout: 'nothing', undo: 'cannot be undone: the keys are deleted' });
  });
});

describe('the key of a manual step', () => {
  it('follows from its id where its text changes, else from its text', () => {
    const key = (what: string, id?: string) => taskOf({ what, ...(id ? { id } : {}) }).key;
    expect(key('Read 3 calls', 'read')).toBe(key('Read 7 calls', 'read'));
    expect(key('Read 3 calls')).not.toBe(key('Read 7 calls'));
    expect(key('Read 3 calls')).toMatch(/^task-[0-9a-f]{6}$/);
  });
});

describe('an answer', () => {
  it('fits its kind of question only', () => {
    expect([
      fits('approval', 'approve'),
      fits('approval', 'reject'),
      fits('task', 'done'),
      fits('task', 'skip'),
    ]).toEqual([true, true, true, true]);
    expect([fits('approval', 'done'), fits('task', 'approve')]).toEqual([false, false]);
  });

  it('settles the question, unless it takes two people to approve', () => {
    const first = { answer: 'approve' as const, by: 'a', from: '', at: '', note: '' };
    expect(afterAnswer({ twoPersons: false, answers: [] }, 'approve')).toBe('approved');
    expect(afterAnswer({ twoPersons: true, answers: [] }, 'approve')).toBe('open');
    expect(afterAnswer({ twoPersons: true, answers: [first] }, 'approve')).toBe('approved');
    expect(afterAnswer({ twoPersons: true, answers: [] }, 'reject')).toBe('rejected');
  });
});

describe('the person behind an ARN', () => {
  it('is the user, the session of an Identity Center role, and else the role', () => {
    const user = `arn:aws:iam::${ACCOUNT}:user/alice`;
    expect(personOf(user)).toBe(user);
    expect(personOf(session('AWSReservedSSO_Soc_0123456789abcdef', 'alice'))).not.toBe(
      personOf(session('AWSReservedSSO_Soc_0123456789abcdef', 'bob')),
    );
    // Whoever assumes a role chooses the session's name.
    expect(personOf(session('soc', 'alice'))).toBe(personOf(session('soc', 'bob')));
  });
});

describe('who may not answer', () => {
  it.each([
    ['the offender', iamUser('mallory'), `arn:aws:iam::${ACCOUNT}:user/mallory`],
    ['the offender below a path', iamUser('mallory'), `arn:aws:iam::${ACCOUNT}:user/staff/mallory`],
    ['another session of the role that did it', assumed('deployer'), session('deployer', 'other')],
    ['root, where root did it', { type: 'Root', accountId: ACCOUNT }, `arn:aws:iam::${ACCOUNT}:root`],
    [
      'a federated user with the name of the one who did it',
      { type: 'FederatedUser', arn: `arn:aws:sts::${ACCOUNT}:federated-user/guest`, accountId: ACCOUNT },
      `arn:aws:sts::${ACCOUNT}:federated-user/guest`,
    ],
  ])('row: guard: an answer by %s: is refused', (_, who, caller) => {
    const one = incident('trail-tampering', { events: [event('03:00:05', stop(who), 'offence')] });
    expect(partyTo(one, caller)).toContain(one.id);
    expect(partyTo(one, `arn:aws:iam::${ACCOUNT}:user/alice`)).toBeUndefined();
  });

  it('row: guard: an answer by whom the action is aimed at: is refused', () => {
    const one = incident('failed-console-logins', {
      actions: [did('disable-iam-user', { user: 'carol' }, 'proposed')],
    });
    expect(partyTo(one, `arn:aws:iam::${ACCOUNT}:user/carol`)).toContain('is aimed at');
  });

  it('is nobody whose calls were benign', () => {
    const one = incident('trail-tampering', { events: [event('03:00:05', stop(iamUser('alice')), 'benign')] });
    expect(partyTo(one, `arn:aws:iam::${ACCOUNT}:user/alice`)).toBeUndefined();
  });
});
