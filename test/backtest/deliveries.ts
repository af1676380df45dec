import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { call, iamUser, root, signIn } from '../../playbooks/detections/samples.ts';

let next = 0;
/** A record with a time and an eventID of its own. */
export const at = (time: string, record: Record<string, unknown>): Record<string, unknown> => {
  next += 1;
  return { ...record, eventTime: time, eventID: `${`${next}`.padStart(8, '0')}-1a2b-4c3d-8e4f-0a1b2c3d4e5f` };
};

const failed = (user: string) => signIn(iamUser(user), 'Failure', { errorMessage: 'Failed authentication' });
const minute = (n: number, second = 0) => `2026-05-01T03:${`${n}`.padStart(2, '0')}:${`${second}`.padStart(2, '0')}Z`;

const stop = at(
  minute(2, 10),
  call('cloudtrail.amazonaws.com', 'StopLogging', iamUser('mallory'), { requestParameters: { name: 'cordon' } }),
);

/** Records of an attack among routine: a trail stopped, seven failed sign-ins and one that succeeds, a use of root. */
export const attack: Record<string, unknown>[] = [
  ...Array.from({ length: 40 }, (_, n) =>
    at(minute(n), call('ec2.amazonaws.com', 'DescribeInstances', iamUser('alice'), { readOnly: true })),
  ),
  stop,
  at(minute(2, 40), call('cloudtrail.amazonaws.com', 'StopLogging', iamUser('eve'), { errorCode: 'AccessDenied' })),
  ...[0, 10, 20, 40].map((second) => at(minute(10, second), failed('bob'))),
  ...[0, 30].map((second) => at(minute(12, second), failed('bob'))),
  at(minute(14, 5), failed('bob')),
  at(minute(14, 30), signIn(iamUser('bob'), 'Success')),
  at(minute(30), call('iam.amazonaws.com', 'CreateAccessKey', root)),
];
/** One of them, which is delivered twice. */
export const twice = stop;

/** Writes files as CloudTrail delivers them into a folder of their own, and gives the folder. */
export function delivered(records: readonly Record<string, unknown>[], files = 4): string {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-deliveries-'));
  for (let n = 0; n < files; n += 1) {
    const part = records.filter((_, k) => k % files === n);
    const name = `111122223333_CloudTrail_us-east-1_20260501T03${`${n * 5}`.padStart(2, '0')}Z_abcdef${n}.json.gz`;
    const path = join(folder, 'AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gzipSync(JSON.stringify({ Records: part })));
  }
  return folder;
}
