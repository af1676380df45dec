import { CloudWatchLogsClient, TagResourceCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { CANARY_TAG, canaryLogGroup } from '../../playbooks/canary.ts';
import { partitionOf } from '../../playbooks/partition.ts';
import type { Context } from '../context.ts';
import { allow } from '../permissions.ts';
import { stepHandler } from '../step.ts';

/** A schedule calls it, with nothing to say. */
const input = z.looseObject({});

/** Makes the canary's call: tags a log group that holds nothing with the time. */
export async function sendCanary(_: z.infer<typeof input>, { client, environment, now, log }: Context) {
  const { prefix, region, account } = environment;
  const sentAt = now().toISOString();
  await client(CloudWatchLogsClient).send(
    new TagResourceCommand({
      resourceArn: `arn:${partitionOf(region)}:logs:${region}:${account}:log-group:${canaryLogGroup(prefix)}`,
      tags: { [CANARY_TAG]: sentAt },
    }),
  );
  log.info('canary sent', { sentAt });
  return { sentAt };
}

const group = 'arn:{partition}:logs:{region}:{account}:log-group:/{prefix}/canary';
export const permissions = [allow(['logs:TagResource'], group, `${group}:*`)];
export const handler = stepHandler(input, sendCanary);
