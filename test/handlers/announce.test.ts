import { beforeEach, describe, expect, it, vi } from 'vitest';
import { contain } from '../../handlers/actions/tag-iam-user.ts';
import { announce } from '../../handlers/announce.ts';
import { close } from '../../handlers/steps/close.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { investigate } from '../../handlers/steps/investigate.ts';
import { recordFailure } from '../../handlers/steps/record-failure.ts';
import { summarize } from '../../handlers/steps/summarize.ts';
import { iamUser } from '../../playbooks/detections/samples.ts';
import { incidentEnded } from '../../playbooks/messages/announcements.ts';
import { alarm, callAt, Desk } from './desk.ts';
import { refusal } from './fake-account.ts';

const current = vi.hoisted(() => ({ context: undefined as unknown }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.context as never,
}));

let desk: Desk;
let incidentId: string;
beforeEach(async () => {
  desk = new Desk();
  current.context = desk.context;
  incidentId = await desk.open('trail-tampering');
});

const types = () => desk.account.announced.map(({ type }) => type);
const ids = () => desk.account.announced.map(({ detail }) => detail.id);
const ended = async (count: number) => {
  const head = await desk.head(incidentId);
  return Array.from({ length: count }, (_, at) =>
    incidentEnded({ ...head, status: 'closed' }, new Date(Date.parse('2026-05-01T03:00:00Z') + at).toISOString()),
  );
};

describe('announce', () => {
  it('puts events of the installation onto its bus, ten in a call', async () => {
    const calls: number[] = [];
    desk.account.putEvents = (entries) => {
      calls.push(entries.length);
      return {};
    };
    desk.account.announced.length = 0;

    await announce(desk.context, ...(await ended(23)));

    expect(calls).toEqual([10, 10, 3]);
    expect(desk.account.announced).toHaveLength(23);
    expect(desk.account.announced[0]).toMatchObject({ bus: 'cordon-incidents', source: 'cordon' });
  });

  it('asks nobody where there is nothing to say', async () => {
    desk.account.putEvents = () => {
      throw new TypeError('asked');
    };
    await announce(desk.context);
    expect((await desk.head(incidentId)).unannounced).toBeUndefined();
  });

  it('repeats single entries that were refused, and only these', async () => {
    const sent: number[] = [];
    desk.account.announced.length = 0;
    desk.account.putEvents = (entries) => {
      sent.push(entries.length);
      const first = sent.length === 1;
      return { Entries: entries.map((_, at) => (first && at === 1 ? { ErrorCode: 'ThrottlingException' } : {})) };
    };

    await announce(desk.context, ...(await ended(3)));

    expect(sent).toEqual([3, 1]);
    expect(desk.account.announced).toHaveLength(3);
    expect((await desk.head(incidentId)).unannounced).toBeUndefined();
  });

  it.each<[string, () => never]>([
    [
      'AccessDeniedException: not authorized to perform events:PutEvents',
      () => {
        throw refusal('AccessDeniedException', 'not authorized to perform events:PutEvents');
      },
    ],
    [
      'ResourceNotFoundException: Event bus cordon-incidents does not exist.',
      () => {
        throw refusal('ResourceNotFoundException', 'Event bus cordon-incidents does not exist.');
      },
    ],
  ])('fails nothing when it is refused, and says so in the ledger: %s', async (error, refuse) => {
    desk.account.putEvents = refuse;

    await announce(desk.context, ...(await ended(2)));

    const said = { what: 'Incident Closed', error, at: expect.any(String) };
    expect((await desk.head(incidentId)).unannounced).toEqual([said, said]);
  });

  it('fails nothing either when the ledger cannot be told', async () => {
    desk.account.putEvents = () => {
      throw refusal('InternalException');
    };
    const announcements = await ended(1);
    desk.table.before = () => {
      throw refusal('ProvisionedThroughputExceededException');
    };

    await expect(announce(desk.context, ...announcements)).resolves.toBeUndefined();
  });

  it('gives up on a bus that does not answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const ending = new AbortController();
      setTimeout(() => ending.abort(refusal('TimeoutError')), ms);
      return ending.signal;
    });
    try {
      desk.account.putEvents = (_, signal) =>
        new Promise((_resolve, reject) => {
          if (signal?.aborted) reject(signal.reason);
          signal?.addEventListener('abort', () => reject(signal.reason));
        });
      const announcements = await ended(1);

      const announced = announce(desk.context, ...announcements);
      await vi.advanceTimersByTimeAsync(4_000);
      await announced;

      expect((await desk.head(incidentId)).unannounced).toMatchObject([{ error: 'no answer within 4 seconds' }]);
    } finally {
      timeout.mockRestore();
      vi.useRealTimers();
    }
  });
});

describe('the steps of a playbook', () => {
  const stop = callAt('03:00:05', 'cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), {
    requestParameters: { name: 'cordon' },
  });

  it('announce an incident that is opened, again when the step is repeated, and not when an alarm comes twice', async () => {
    const event = alarm('trail-tampering');
    await desk.claim('run-2026-05-01T03:01:00.000+0000', event);
    await desk.claim('another', event);

    expect(types()).toEqual(['Incident Opened', 'Incident Opened']);
    expect(new Set(ids())).toEqual(new Set([`${incidentId}/opened`]));
  });

  it('announce every action from plan to end, the round, and the end', async () => {
    desk.account.logs.push(JSON.stringify(stop));
    desk.account.trails.cordon = { logging: true };
    desk.account.trails[`arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon`] = { logging: true };
    desk.account.users.mallory = { keys: [], policies: {}, tags: {} };
    await collect({ incidentId, round: 0, empty: 0 }, desk.context);
    const { contain: planned } = await investigate({ incidentId }, desk.context);
    const key = planned.find(({ action }) => action === 'tag-iam-user')?.key ?? '';
    const other = planned.find(({ action }) => action === 'disable-iam-user')?.key ?? '';
    for (const phase of ['contain', 'verify']) await contain({ incidentId, key, phase });
    await recordFailure({ incidentId, step: 'contain', key: other, error: { Error: 'AccessDenied' } }, desk.context);
    await summarize({ incidentId, round: 0 }, desk.context);
    await close({ incidentId }, desk.context);

    const told = desk.account.announced.map(({ type, detail }) => {
      const { action, incident } = detail as {
        action?: { key: string; status: string };
        incident: { outcome?: string; status: string };
      };
      return action ? `${action.key}: ${action.status}` : `${type}: ${incident.outcome}, ${incident.status}`;
    });
    expect(told).toEqual([
      'Incident Opened: undefined, open',
      expect.stringMatching(/^start-logging-\w+: planned$/),
      `${key}: planned`,
      `${other}: planned`,
      // Read back at once; the step that verifies finds it done and says so again.
      `${key}: verified`,
      `${key}: verified`,
      `${other}: failed`,
      'Incident Changed: needs-analyst, open',
      'Incident Handed Over: needs-analyst, handed-over',
    ]);
  });

  it('announce what a repeated call finds done: the first may have been cut short before it told', async () => {
    desk.account.users.mallory = { keys: [], policies: {}, tags: {} };
    desk.account.logs.push(JSON.stringify(stop));
    await collect({ incidentId, round: 0, empty: 0 }, desk.context);
    const { contain: planned } = await investigate({ incidentId }, desk.context);
    const key = planned.find(({ action }) => action === 'tag-iam-user')?.key ?? '';
    desk.account.announced.length = 0;

    for (const phase of ['contain', 'contain']) await contain({ incidentId, key, phase });

    expect(types()).toEqual(['Action Changed', 'Action Changed']);
    expect(new Set(ids()).size).toBe(1);
  });
});
