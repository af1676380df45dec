import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../handlers/environment.ts';
import { InvalidInput } from '../../handlers/errors.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { is } from '../../playbooks/matching/match.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';
import { isExpired, type Suppression } from '../../playbooks/suppression.ts';
import { callAt, Desk, TRAIL } from './desk.ts';

const suppression: Suppression = {
  detection: 'trail-tampering',
  match: is('userIdentity.userName', 'drill'),
  owner: 'secops@example.com',
  reason: 'monthly drill, ticket OPS-7',
  expires: '2026-05-01',
};
const WORDS = 'suppressed by secops@example.com until 2026-05-01: monthly drill, ticket OPS-7';
const stop = (user: string, rest: object = {}) =>
  JSON.stringify(
    callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', iamUser(user), {
      requestParameters: { name: TRAIL },
      ...rest,
    }),
  );

/** Collects and summarizes an incident of these log events. */
async function played(suppressions: Suppression[], ...logs: string[]) {
  const desk = new Desk({ suppressions });
  desk.account.logs.push(...logs);
  const incidentId = await desk.open('trail-tampering');
  // Whatever the step's input has beside these is about repetitions.
  const { restore } = await collect({ incidentId, round: 0, empty: 0 } as never, desk.context);
  await summarize({ incidentId, round: 0 }, desk.context);
  const incident = await desk.context.ledger.incident(incidentId);
  return { desk, incident, restore, mail: desk.account.mails.at(-1) };
}

describe('a suppression', () => {
  it('row: guard: suppressed record: benign with owner, day and reason, counted in the report, nothing restored', async () => {
    const { incident, restore, mail } = await played([suppression], stop('drill'), stop('drill'));

    expect(incident).toMatchObject({ outcome: 'benign', actions: [] });
    expect(incident.events).toMatchObject(Array(2).fill({ verdict: 'benign', reason: WORDS, suppressed: true }));
    expect(restore).toEqual([]);
    expect(mail?.subject).toContain('BENIGN');
    expect(mail?.text).toContain(`SUPPRESSED\n- 2 records ${WORDS}\n`);
  });

  it('row: guard: suppressed attempt: benign as well', async () => {
    const { incident } = await played([suppression], stop('drill', { errorCode: 'AccessDenied' }));
    expect(incident.events).toMatchObject([{ verdict: 'benign', reason: WORDS }]);
  });

  it('row: guard: a record beside a suppressed one: treated in full', async () => {
    const { incident, restore, mail } = await played([suppression], stop('drill'), stop('mallory'));

    expect(incident.events.map(({ verdict }) => verdict).sort()).toEqual(['benign', 'offence']);
    expect(restore).toMatchObject([{ action: 'start-logging' }]);
    expect(mail?.text).toContain(`SUPPRESSED\n- 1 record ${WORDS}\n`);
  });

  it.each<[string, Partial<Suppression>]>([
    ['expired the day before', { expires: '2026-04-30' }],
    ['of another detection', { detection: 'root-usage' }],
    ['of other records', { match: is('userIdentity.userName', 'somebody') }],
  ])('row: guard: suppression %s: does not apply', async (_, other) => {
    const { incident, mail } = await played([{ ...suppression, ...other }], stop('drill'));

    expect(incident.events).toMatchObject([{ verdict: 'offence' }]);
    expect(mail?.text).not.toContain('SUPPRESSED');
  });

  it('applies to the end of its last day in UTC', () => {
    expect(isExpired(suppression, new Date('2026-05-01T23:59:59.999Z'))).toBe(false);
    expect(isExpired(suppression, new Date('2026-05-02T00:00:00Z'))).toBe(true);
  });
});

describe('the suppressions beside a function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'suppressions-'));
  const file = join(folder, 'suppressions.json');
  afterEach(() => rmSync(file, { force: true }));
  const variables = {
    ...{ CORDON_ACCOUNT: '111122223333', CORDON_PREFIX: 'cordon', CORDON_TABLE: 't', CORDON_TOPIC: 't' },
    ...{
      CORDON_BUS: 'b',
      CORDON_EVIDENCE: 'e',
      CORDON_LOG_GROUP: 'l',
      CORDON_TRAIL_PARTS: '{}',
      CORDON_PACKS: '[]',
      CORDON_OWN_ROLES: '[]',
      CORDON_PROTECTED: '[]',
    },
    ...{ CORDON_MODE: 'auto', CORDON_MODES: '{}', CORDON_CAP: '10', AWS_REGION: 'us-east-1' },
    CORDON_ESCALATION_TOPIC: 't',
    CORDON_OPTIONS: JSON.stringify(defaultOptions),
    CORDON_QUESTIONS: JSON.stringify(defaultQuestionTimes),
  };
  const read = () => readEnvironment(variables, file).suppressions;

  it('are read where there are any', () => {
    expect(read()).toEqual([]);
    writeFileSync(file, JSON.stringify([suppression]));
    expect(read()).toEqual([suppression]);
  });

  it('are refused where they are not usable', () => {
    writeFileSync(file, JSON.stringify([{ ...suppression, owner: ' ' }]));
    expect(read).toThrow(InvalidInput);
    expect(read).toThrow(/says who answers for it/);
  });
});
