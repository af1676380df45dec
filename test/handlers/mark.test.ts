import { beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../../handlers/answers/answer.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { ACCOUNT, callAt, Desk } from './desk.ts';

const ALICE = `arn:aws:iam::${ACCOUNT}:user/alice`;
const MALLORY = `arn:aws:iam::${ACCOUNT}:user/mallory`;

let desk: Desk;
let incidentId: string;

/** What the address answers to `content` as sent by `userArn`, as API Gateway hands it on. */
async function sent(content: object, userArn = ALICE) {
  const request = {
    requestContext: { http: { sourceIp: '192.0.2.10' }, authorizer: { iam: { userArn } } },
    body: JSON.stringify(content),
  };
  const { statusCode, body = '' } = await answer(request, desk.context);
  return { statusCode, content: JSON.parse(body) as Record<string, unknown> };
}

beforeEach(async () => {
  desk = new Desk();
  desk.account.logs = [
    callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
      requestParameters: { name: 'cordon' },
    }),
  ].map((record) => JSON.stringify(record));
  incidentId = await desk.open('trail-tampering');
  await collect({ incidentId, round: 0, empty: 0 }, desk.context);
});

describe('what an analyst says of an incident', () => {
  it('is written down with who, when and why, and nothing else changes', async () => {
    // Prepare
    const before = await desk.context.ledger.incident(incidentId);

    // Act
    const said = await sent({ answer: 'mark', incidentId, mark: 'false-positive', note: 'the monthly drill' });

    // Assess
    expect(said).toMatchObject({ statusCode: 200, content: { status: 'false-positive' } });
    const { marked, ...rest } = await desk.context.ledger.incident(incidentId);
    expect(marked).toEqual({
      as: 'false-positive',
      by: ALICE,
      at: desk.account.now.toISOString(),
      note: 'the monthly drill',
    });
    expect(rest).toEqual(before);
  });

  it('can be taken back: the last word counts', async () => {
    await sent({ answer: 'mark', incidentId, mark: 'false-positive', note: 'the monthly drill' });

    await sent({ answer: 'mark', incidentId, mark: 'true-positive', note: 'it was not the drill after all' });

    expect((await desk.head(incidentId)).marked).toMatchObject({ as: 'true-positive' });
  });

  it('is not for those whom it is about to say', async () => {
    const said = await sent({ answer: 'mark', incidentId, mark: 'false-positive', note: 'just me' }, MALLORY);

    expect(said).toMatchObject({ statusCode: 403, content: { error: 'AnswerRefused' } });
    expect(said.content.message).toContain('IAM user mallory is one of those whom incident');
    expect((await desk.head(incidentId)).marked).toBeUndefined();
  });

  it.each([
    ['without a note', { mark: 'false-positive', note: ' ' }],
    ['with another mark', { mark: 'boring', note: 'x' }],
    ['with a key, which it has none of', { mark: 'false-positive', note: 'x', key: 'start-logging-3f9a1c' }],
  ])('is refused %s', async (_, content) => {
    const said = await sent({ answer: 'mark', incidentId, ...content });

    expect(said).toMatchObject({ statusCode: 400, content: { error: 'InvalidInput' } });
  });

  it('is refused for an incident that is not there', async () => {
    const said = await sent({ answer: 'mark', incidentId: 'nothing', mark: 'false-positive', note: 'x' });

    expect(said).toMatchObject({ statusCode: 404, content: { error: 'NotInLedger' } });
  });
});

describe('the head of a summarized incident', () => {
  it('has when it began, for the figures, and the record has when it was delivered', async () => {
    await summarize({ incidentId, round: 0 }, desk.context);

    expect(await desk.head(incidentId)).toMatchObject({ firstAt: '2026-05-01T03:00:05Z' });
    const [event] = (await desk.context.ledger.incident(incidentId)).events;
    expect(event?.deliveredAt).toBe(desk.account.now.toISOString());
  });
});
