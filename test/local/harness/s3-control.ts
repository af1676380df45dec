import { Agent } from 'node:http';
import { S3ControlClient } from '@aws-sdk/client-s3-control';
import type { AccessKey } from '../../../local/account.ts';
import { as, type Stage } from '../../../simulate/attack.ts';

/** Whatever the name before `.localhost`, it is this machine: S3 control puts the account before the host. */
const agent = new Agent({
  lookup: (_host, options, done) =>
    options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
});

/** The client of S3 control, by which the account's own settings are changed. */
export const s3Control = (stage: Stage, credentials: AccessKey, endpoint = stage.endpoint): S3ControlClient =>
  new S3ControlClient({
    ...as(stage, credentials),
    endpoint: endpoint.replace('127.0.0.1', 'localhost'),
    requestHandler: { httpAgent: agent },
  });
