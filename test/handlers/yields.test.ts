import { describe, expect, it } from 'vitest';
import { collect } from '../../handlers/steps/collect.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { ACCOUNT, callAt, Desk } from './desk.ts';

const stop = callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
  requestParameters: { name: 'cordon' },
});
const create = callAt('03:00:06', 'cloudtrail.amazonaws.com', 'CreateTrail', iamUser('mallory'), {
  requestParameters: { name: 'second' },
});
const own = callAt('03:00:07', 'cloudtrail.amazonaws.com', 'StartLogging', {
  type: 'AssumedRole',
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/cordon-contain-start-logging/session`,
  accountId: ACCOUNT,
  sessionContext: { sessionIssuer: { type: 'Role', userName: 'cordon-contain-start-logging' } },
});

async function played(...records: object[]) {
  const desk = new Desk({ packs: ['cis'] });
  desk.account.logs.push(...records.map((record) => JSON.stringify(record)));
  const incidentId = await desk.open('cis-trail-changes');
  const collected = await collect({ incidentId, round: 0, empty: 0 }, desk.context);
  const { outcome } = await summarize({ incidentId, round: 0 }, desk.context);
  const incident = await desk.context.ledger.incident(incidentId);
  return { collected, outcome, incident, mails: desk.account.mails };
}

describe('a detection that yields', () => {
  it('row: cis: a call that two detections take: only the one before in the catalog mails about it', async () => {
    const { collected, outcome, incident, mails } = await played(stop);

    expect(collected).toMatchObject({ fresh: 0, explained: true });
    expect(outcome).toBe('duplicate');
    expect(incident).toMatchObject({ events: [], leftTo: ['trail-tampering'] });
    expect(mails).toEqual([]);
  });

  it('keeps what nobody else takes, and says who tells of the rest', async () => {
    const { outcome, incident, mails } = await played(stop, create);

    expect(incident.events.map(({ record }) => record.eventName)).toEqual(['CreateTrail']);
    expect(outcome).toBe('needs-analyst');
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain('Besides   trail-tampering tells of other records that matched');
    expect(mails[0]?.text).toContain('CreateTrail, name second, by IAM user mallory, from 198.51.100.23');
  });

  it('row: cis: a call of cordon’s own, which a published pattern cannot leave out: nothing is mailed', async () => {
    const { outcome, mails } = await played(own);

    expect(outcome).toBe('duplicate');
    expect(mails).toEqual([]);
  });

  it('keeps a record whose other detection is of a pack that is off', async () => {
    const desk = new Desk({ packs: [] });
    desk.account.logs.push(JSON.stringify(create));
    const incidentId = await desk.open('cis-unauthorized-calls');
    await collect({ incidentId, round: 0, empty: 0 }, desk.context);

    expect(await desk.context.ledger.incident(incidentId)).not.toHaveProperty('leftTo');
  });
});
