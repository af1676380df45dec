import { describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { InterfaceFound } from '../../playbooks/findings.ts';
import { flowFieldsOf, flowOf, readFlow } from '../../playbooks/flow-logs.ts';
import type { Incident, Verdict } from '../../playbooks/incident.ts';
import reviewTraffic from '../../playbooks/responses/review-traffic.ts';
import { sources } from '../../playbooks/sources.ts';
import { instancesBehind } from '../../playbooks/traffic.ts';

const LINE =
  '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.1.5 51422 22 6 31 6203 1777604400 1777604460 ACCEPT OK';
const source = sources['flow-logs'];

const recordOf = (line: string): CloudTrailRecord => {
  const read = source.read(source.parse(line), 'event-1');
  if ('problem' in read) throw new TypeError(read.problem);
  return read.record;
};

describe('a line of a flow log', () => {
  it('is read into the envelope of all records, with its own fields beside', () => {
    expect(recordOf(LINE)).toMatchObject({
      eventID: 'event-1',
      eventTime: '2026-05-01T03:00:00.000Z',
      eventName: 'ACCEPT TCP to 10.0.1.5 port 22',
      sourceIPAddress: '198.51.100.23',
      eni: 'eni-0a1b2c3d4e5f60718',
      bytes: '6203',
    });
    expect(source.message(recordOf(LINE))).toBe(LINE);
    expect(flowOf({ eventID: 'x', eventTime: '2026-05-01T03:00:00Z' } as CloudTrailRecord)).toBeUndefined();
  });

  it.each([
    ['without data', '2 111122223333 eni-0a1b2c3d4e5f60718 - - - - - - - 1777604400 1777604460 - NODATA'],
    ['with a port that there is not', LINE.replace(' 22 6 ', ' 70000 6 ')],
    ['with an address that is none', LINE.replace('198.51.100.23', '<script>')],
    ['with bytes that are no number', LINE.replace('6203', '-1')],
    ['of a time that no date has', LINE.replace('1777604400', '99999999999999999')],
    ['with another action', LINE.replace('ACCEPT', 'MAYBE')],
  ])('%s is no record, and the problem is said', (_, line) => {
    expect(source.read(source.parse(line), 'event-1')).toMatchObject({ problem: expect.stringMatching(/\S/) });
  });

  it.each([
    ['of another format', `${LINE} vpc-0a1b2c3d`],
    ['of nothing', ''],
    ['that is JSON', '{"eventName":"StopLogging"}'],
  ])('%s is none at all', (_, line) => {
    expect(flowFieldsOf(line)).toBeUndefined();
    expect(readFlow(undefined, 'event-1')).toHaveProperty('problem');
  });
});

describe('what is behind a flow', () => {
  const interfaces: InterfaceFound[] = [
    { id: 'eni-0a1b2c3d4e5f60718', addresses: ['10.0.1.5'], instance: 'i-0aaa' },
    { id: 'eni-0b1b2c3d4e5f60718', addresses: ['10.0.2.9'], instance: 'i-0bbb' },
  ];
  const incident = (...lines: [string, Verdict][]) =>
    ({
      region: 'eu-central-1',
      account: '111122223333',
      findings: { interfaces },
      events: lines.map(([line, verdict]) => {
        const record = recordOf(line);
        return { record, verdict, actor: source.actorOf(record) };
      }),
    }) as unknown as Incident;
  const flow = (from: string, to: string, action: string) =>
    LINE.replace('198.51.100.23', from).replace('10.0.1.5', to).replace('ACCEPT', action);
  const behind = (from: string, ...lines: [string, Verdict][]) =>
    instancesBehind(incident(...lines), { key: `address:${from}` });

  it('is the instance that it came from, whichever interface saw it', () => {
    const at = { region: 'eu-central-1', account: '111122223333' };
    expect(behind('10.0.2.9', [flow('10.0.2.9', '10.0.1.5', 'REJECT'), 'attempt'])).toEqual([
      { instance: 'i-0bbb', ...at },
    ]);
  });

  it('is the instance that let a stranger in', () => {
    expect(behind('198.51.100.23', [LINE, 'offence'])).toMatchObject([{ instance: 'i-0aaa' }]);
  });

  it('is nobody where a stranger was kept out, and nobody where it is suppressed', () => {
    expect(behind('198.51.100.23', [flow('198.51.100.23', '10.0.1.5', 'REJECT'), 'attempt'])).toEqual([]);
    expect(behind('198.51.100.23', [LINE, 'benign'])).toEqual([]);
  });

  it('is asked to be isolated, and never isolated by itself', () => {
    const [{ mode } = { mode: 'auto' }] = reviewTraffic.contain;
    if (typeof mode !== 'function') throw new TypeError('The mode is decided by the incident.');
    const decide = (line: string, key: string) => mode(incident([line, 'offence']), key, {} as never);
    expect(decide(LINE, 'address:198.51.100.23')).toBe('approve');
    expect(decide(flow('198.51.100.23', '10.0.1.5', 'REJECT'), 'address:198.51.100.23')).toBeUndefined();
  });
});
