import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as blockBucket from '../../handlers/actions/block-public-access.ts';
import * as disableUser from '../../handlers/actions/disable-iam-user.ts';
import * as tagUser from '../../handlers/actions/tag-iam-user.ts';
import { startingEvent } from '../../handlers/starting-event.ts';
import { askAnalyst } from '../../handlers/steps/ask-analyst.ts';
import { close } from '../../handlers/steps/close.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { settle } from '../../handlers/steps/settle.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import * as found from '../../playbooks/guardduty/samples.ts';
import { ACCOUNT, Desk } from './desk.ts';

const current = vi.hoisted(() => ({ desk: undefined as { context: unknown } | undefined }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.desk?.context as never,
}));

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  desk.account.now = new Date('2026-05-01T03:05:00Z');
  desk.account.users.mallory = { keys: [{ id: 'AKIAEXAMPLE7MALLORY7', status: 'Active' }], policies: {}, tags: {} };
});

/** The event of a finding, as the rule of a detection hands it over. */
const foundBy = (detection: string, detail: unknown) => ({
  lane: 'finding' as const,
  detection,
  event: {
    source: 'aws.guardduty' as const,
    'detail-type': 'GuardDuty Finding' as const,
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    account: ACCOUNT,
    region: 'us-east-1',
    time: '2026-05-01T03:05:00Z',
    detail,
  },
});

let run = 0;
const claimed = (detail: unknown, detection = 'guardduty-credentials', execution = `run-${++run}`) =>
  desk.claim(execution, foundBy(detection, detail));

const modules: Record<string, { contain: (event: unknown) => Promise<unknown> }> = {
  'block-public-access': blockBucket,
  'disable-iam-user': disableUser,
  'tag-iam-user': tagUser,
};

/** Plays the playbook's first round up to the mail. */
async function played(incidentId: string) {
  current.desk = desk;
  const run = async (planned: { action: string; key: string }[]) => {
    for (const { action, key } of planned) await modules[action]?.contain({ incidentId, key, phase: 'contain' });
  };
  await run((await collect({ incidentId, round: 0, empty: 0 }, desk.context)).restore);
  await run((await investigate({ incidentId }, desk.context)).contain);
  return desk.context.ledger.incident(incidentId);
}

const mailOf = async (incidentId: string) => {
  await summarize({ incidentId, round: 0 }, desk.context);
  return desk.account.mails.at(-1)?.text ?? '';
};
const actionsIn = ({ actions }: Awaited<ReturnType<typeof played>>) =>
  actions.map(({ action, status }) => `${action}: ${status}`).sort();
/** A later delivery of a finding. */
const later = (detail: Record<string, unknown>, at: string, seen = at) => ({
  ...detail,
  updatedAt: at,
  service: { ...(detail.service as object), count: 2, eventLastSeen: seen },
});

describe('a finding that comes', () => {
  it('opens one incident, whose id follows from the finding, with the finding’s severity', async () => {
    const first = await claimed(found.stolenKey, 'guardduty-credentials', 'run-a');

    expect(first).toMatchObject({ proceed: true, after: 0 });
    expect(first.incidentId).toMatch(/^guardduty-credentials-20260501-030400-[0-9a-f]{4}$/);
    expect(await desk.head(first.incidentId)).toMatchObject({ lane: 'finding', severity: 'HIGH' });
    expect(await claimed(found.stolenKey, 'guardduty-credentials', 'run-a')).toEqual(first);
    expect(await claimed(found.stolenKey)).toMatchObject({ incidentId: first.incidentId, proceed: false });
  });

  it('that is archived opens none', async () => {
    const archived = { ...found.stolenKey, service: { archived: true } };

    expect(await claimed(archived)).toMatchObject({ proceed: false });
    expect(await desk.context.ledger.recent(10)).toEqual([]);
  });

  it('joins an incident of the same detection that is open: a storm is one incident', async () => {
    const first = await claimed(found.stolenKey);
    await played(first.incidentId);
    const other = found.finding({ ...stolen(), id: 'another', resource: found.userKey('carol') });

    expect(await claimed(other, 'guardduty-credentials', 'run-b')).toMatchObject({ after: 30 });
    expect(await collect({ incidentId: first.incidentId, round: 1, empty: 0 }, desk.context)).toMatchObject({
      fresh: 1,
    });
    expect(await claimed(other, 'guardduty-credentials', 'run-b')).toMatchObject({ proceed: false });
    expect(await desk.context.ledger.recent(10)).toHaveLength(1);
  });

  it('is told by mail, and leaves nothing to look for once more', async () => {
    const { incidentId } = await claimed(found.stolenKey);
    await played(incidentId);
    const mail = await mailOf(incidentId);

    expect(mail).toContain('Finding   GuardDuty found UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom');
    expect(mail).toContain('aws guardduty archive-findings --region us-east-1');
    expect(await settle({ incidentId, looks: 0 }, desk.context)).toMatchObject({ quiet: true });
    expect(await close({ incidentId }, desk.context)).toMatchObject({ status: 'closed' });
  });

  it('is answered whatever is in it: no finding is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom('type', 'resource', 'service', 'severity'),
        async (odd, field) => {
          for (const detail of [odd, { ...found.stolenKey, [field]: odd }]) {
            desk = new Desk();
            desk.account.users.mallory = { keys: [], policies: {}, tags: {} };
            const parsed = startingEvent.parse(foundBy('guardduty-other', detail));
            const { incidentId, proceed } = await desk.claim('run', parsed);
            if (!proceed) continue;
            await played(incidentId);
            await askAnalyst({ incidentId }, desk.context);
            expect(await mailOf(incidentId)).toContain(incidentId);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a finding about an IAM user', () => {
  it('contains, as far as its severity says', async () => {
    const first = await played((await claimed(found.stolenKey)).incidentId);
    expect(actionsIn(first)).toEqual(['disable-iam-user: verified', 'tag-iam-user: verified']);
    expect(desk.account.users.mallory?.keys).toEqual([{ id: 'AKIAEXAMPLE7MALLORY7', status: 'Inactive' }]);
  });

  it.each([
    [5, ['disable-iam-user: proposed', 'tag-iam-user: verified']],
    [2, ['disable-iam-user: monitored', 'tag-iam-user: monitored']],
    [undefined, ['disable-iam-user: proposed', 'tag-iam-user: verified']],
  ])('of severity %s contains nobody by itself', async (severity, expected) => {
    const incident = await played((await claimed({ ...found.stolenKey, severity })).incidentId);

    expect(actionsIn(incident)).toEqual(expected);
    expect(desk.account.users.mallory?.keys[0]?.status).toBe('Active');
  });

  it('who only changed a bucket’s setting is proposed at most', async () => {
    desk.account.users.alice = { keys: [], policies: {}, tags: {} };
    desk.account.buckets['customer-exports'] = {};
    const incident = await played((await claimed(found.anonymousGranted, 'guardduty-bucket')).incidentId);

    expect(actionsIn(incident)).toEqual([
      'block-public-access: verified',
      'disable-iam-user: proposed',
      'tag-iam-user: verified',
    ]);
  });

  it('obeys the mode of its detection, and leaves protected users alone', async () => {
    desk = new Desk({ detectionModes: { 'guardduty-credentials': 'monitor' } });
    expect(actionsIn(await played((await claimed(found.stolenKey)).incidentId))).toEqual([
      'disable-iam-user: monitored',
      'tag-iam-user: monitored',
    ]);
    desk = new Desk({ protectedPrincipals: [`arn:aws:iam::${ACCOUNT}:user/mallory`] });
    expect(actionsIn(await played((await claimed(found.stolenKey)).incidentId))).toEqual([
      'disable-iam-user: withheld',
      'tag-iam-user: withheld',
    ]);
  });

  it('is benign where it is a sample', async () => {
    const sample = { ...found.stolenKey, service: { additionalInfo: { sample: true } } };
    const { incidentId } = await claimed(sample);
    const incident = await played(incidentId);

    expect(incident.actions).toEqual([]);
    expect(await mailOf(incidentId)).toMatch(/: BENIGN\n/);
    expect(await askAnalyst({ incidentId }, desk.context)).toMatchObject({ asked: 0 });
  });
});

it('a finding about a role of cordon’s own is no own call: it is withheld, and a person told', async () => {
  const own = found.finding({ ...stolen(), resource: found.roleKey('cordon-contain-start-logging', 'session') });
  const incident = await played((await claimed(own)).incidentId);

  expect(actionsIn(incident)).toEqual(['revoke-role-sessions: withheld']);
});

it('a finding of another account is contained by nobody here', async () => {
  const { incidentId } = await claimed({ ...found.stolenKey, accountId: '999988887777' });
  const incident = await played(incidentId);

  expect(incident.actions).toEqual([]);
  expect(await mailOf(incidentId)).toContain('NEEDS AN ANALYST');
});

describe('a finding that is delivered again', () => {
  let id: string;
  beforeEach(async () => {
    id = (await claimed(found.stolenKey)).incidentId;
    await played(id);
    await desk.context.ledger.updateHead(id, { status: 'closed' });
    desk.pass(900);
  });
  const verdicts = async () => (await desk.context.ledger.incident(id)).events.map(({ verdict }) => verdict);
  const open = async () => (await desk.context.ledger.recent(10)).filter(({ status }) => status === 'open');

  it('as it was changes nothing', async () => {
    expect(await claimed(found.stolenKey)).toMatchObject({ proceed: false });
    expect([await verdicts(), await open()]).toEqual([['offence'], []]);
  });

  it('with what was seen before it was contained goes into its incident, once', async () => {
    const update = later(found.stolenKey, '2026-05-01T03:20:00.000Z', '2026-05-01T03:04:30.000Z');

    expect(await claimed(update)).toMatchObject({ proceed: false });
    expect(await claimed(update)).toMatchObject({ proceed: false });
    expect([await verdicts(), await open()]).toEqual([['offence', 'related'], []]);
  });

  it('with what was seen after that opens an incident that asks and does nothing; further ones join that', async () => {
    const update = later(found.stolenKey, '2026-05-01T03:20:00.000Z');
    const second = await claimed(update, 'guardduty-credentials', 'run-c');

    expect(second).toMatchObject({ proceed: true });
    expect(await claimed(update, 'guardduty-credentials', 'run-c')).toEqual(second);
    const incident = await played(second.incidentId);
    expect(incident).toMatchObject({ claimedBy: [id] });
    expect(actionsIn(incident)).toContain('disable-iam-user: proposed');
    await desk.context.ledger.updateHead(second.incidentId, { status: 'handed-over' });

    expect(await claimed(later(found.stolenKey, '2026-05-01T03:35:00.000Z'))).toMatchObject({ proceed: false });
    expect((await desk.context.ledger.incident(second.incidentId)).events).toHaveLength(2);
  });

  it('goes into its incident where its calls were refused: that is what containment does', async () => {
    const refused = found.calledApi('GetCallerIdentity', 'sts.amazonaws.com', '198.51.100.23', {
      errorCode: 'AccessDenied',
    });
    const update = later({ ...found.stolenKey, service: refused }, '2026-05-01T03:20:00.000Z');

    expect(await claimed(update)).toMatchObject({ proceed: false });
    expect([await verdicts(), await open()]).toEqual([['offence', 'related'], []]);
  });

  it('goes into its incident where an analyst has undone what was contained', async () => {
    const [action] = (await desk.context.ledger.incident(id)).actions.filter(
      ({ action }) => action === 'disable-iam-user',
    );
    if (action) await desk.context.ledger.advance(id, action, 'undone');

    expect(await claimed(later(found.stolenKey, '2026-05-01T03:20:00.000Z'))).toMatchObject({ proceed: false });
    expect([await verdicts(), await open()]).toEqual([['offence', 'related'], []]);
  });
});

/** What tells the finding of a stolen key from others. */
const stolen = (): found.FoundThing => ({
  type: 'UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom',
  severity: 8,
  title: 'API GetCallerIdentity was invoked from an IP address on a custom threat list.',
  resource: found.userKey('mallory'),
});
