import { IAMClient, ListRolesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type Stage } from '../../simulate/attack.ts';
import { attacks, scenarios } from '../../simulate/catalog.ts';
import { cordon, type Shell, startCordon } from './harness/cordon.ts';
import { Desk } from './harness/desk.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

// With the packs on, making a user for a test is an incident, which would disturb others.
let aws: TestAws;
let desk: Desk;
let stage: Stage;
let administrator: Shell;

beforeAll(async () => {
  aws = await startTestAws({ settings: { packs: 'credentials,cis' } });
  desk = await Desk.open('soc-tampering', aws.shared);
  stage = desk.stage();
  administrator = { endpoint: stage.endpoint, region: stage.region, credentials: stage.administrator };
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

/** What there is of simulations, by name. */
async function leftOver(): Promise<string[]> {
  const client = as(stage, stage.administrator);
  const iam = new IAMClient(client);
  const { Users = [] } = await iam.send(new ListUsersCommand({}));
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const { Buckets = [] } = await new S3Client(client).send(new ListBucketsCommand({}));
  const names = [
    ...Users.map(({ UserName }) => UserName),
    ...Roles.map(({ RoleName }) => RoleName),
    ...Buckets.map(({ Name }) => Name),
  ];
  return names.flatMap((name) => (name?.startsWith('cordon-sim-') ? [name] : [])).sort();
}

interface Report {
  ok: boolean;
  simulation: string;
  incident: { id: string } | null;
}

// The others are played where no pack is on.
const played = scenarios.filter((one) => !attacks.includes(one));

describe('a simulation, where the packs are on', () => {
  it.each(played.map(({ detection, expected }) => [detection, expected] as const))(
    'of %s is detected and answered as it must be, and leaves nothing behind',
    async (scenario, expected) => {
      const { code, stdout, stderr } = await cordon(administrator, 'simulate', scenario, '--json');

      expect([code, JSON.parse(stdout || '{}')], stderr).toEqual([
        0,
        expect.objectContaining({ ok: true, incident: expect.objectContaining(expected) }),
      ]);
      const { simulation, incident } = JSON.parse(stdout) as Report;
      expect(await leftOver()).toEqual([]);
      const { detection, events, questions } = await desk.ledger.incident(incident?.id ?? '');
      expect(detection).toBe(scenario);
      expect(questions.filter(({ status }) => status === 'open')).toEqual([]);
      // Whoever simulates is no offender, for what he made for it least of all.
      for (const { actor, verdict } of events) {
        if (verdict !== 'benign') expect(actor.name).toMatch(new RegExp(`^cordon-sim-${simulation}-`));
      }
    },
  );

  it('that is interrupted takes away what it has made', async () => {
    const running = startCordon(administrator, 'simulate', 'role-trust-opened');
    await running.said(/made the role/);
    expect(await leftOver()).toHaveLength(2);
    running.child.kill('SIGINT');

    expect((await running.ended).code).toBe(130);
    expect(await leftOver()).toEqual([]);
  });

  it('contains nobody for it who simulates', async () => {
    const heads = await desk.ledger.recent(200);
    const incidents = await Promise.all(heads.map(({ id }) => desk.ledger.incident(id)));
    const labels = incidents.flatMap(({ actions }) => actions.map(({ label }) => label));
    expect(labels.length).toBeGreaterThan(0);
    expect(labels.filter((label) => label.includes('account-admin'))).toEqual([]);
  });
});
