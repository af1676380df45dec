import {
  AssociateKmsKeyCommand,
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteMetricFilterCommand,
  DeleteRetentionPolicyCommand,
  DisassociateKmsKeyCommand,
  type MetricTransformation,
  PutMetricFilterCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { type LogGroupState, logGroupLosses, logGroupState, lostFilters } from '../../playbooks/trail-baseline.ts';
import type { Context } from '../context.ts';
import { allow } from '../permissions.ts';
import { readLogGroup, readLogGroupPermissions } from '../trails/read-pipeline.ts';
import { wanted } from '../trails/wanted.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  logGroup: string;
  region: string;
}

const reading = z.object({
  /** Absent where the group does not exist. */
  state: logGroupState.optional(),
  /** As its baseline has it. */
  wanted: logGroupState,
  losses: z.array(z.string()),
});
type Reading = z.infer<typeof reading>;

const GROUP = ['{logGroup}', '{logGroup}:*'] as const;

async function read({ logGroup, region }: Target, context: Context): Promise<Reading> {
  const part = { kind: 'log-group', region, name: logGroup } as const;
  const [{ state: as }, found] = await Promise.all([
    wanted(part, 'logGroup', context),
    readLogGroup({ region, name: logGroup }, context),
  ]);
  return {
    ...(found ? { state: found } : {}),
    wanted: as,
    losses: logGroupLosses(as, found).map(({ words }) => words),
  };
}

const logsOf = ({ region }: Target, context: Context) => context.client(CloudWatchLogsClient, region);

/** Makes retention and key like `to`; `from` is how they are. */
async function align(target: Target, from: LogGroupState, to: LogGroupState, context: Context): Promise<void> {
  const logs = logsOf(target, context);
  const { logGroup: logGroupName } = target;
  if (from.retention !== to.retention) {
    await (to.retention === undefined
      ? logs.send(new DeleteRetentionPolicyCommand({ logGroupName }))
      : logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: to.retention })));
  }
  if (from.key !== to.key) {
    await (to.key === undefined
      ? logs.send(new DisassociateKmsKeyCommand({ logGroupName }))
      : logs.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId: to.key })));
  }
}

async function putFilters(target: Target, filters: LogGroupState['filters'], context: Context): Promise<void> {
  for (const { name, pattern, transformations } of filters) {
    await logsOf(target, context).send(
      new PutMetricFilterCommand({
        logGroupName: target.logGroup,
        filterName: name,
        filterPattern: pattern,
        metricTransformations: transformations as unknown as MetricTransformation[],
      }),
    );
  }
}

/**
 * Puts the log group of a trail back as its baseline has it: made again where it was deleted, kept as long as before,
 * encrypted as before, with its metric filters, so that alarms come again. The events that a deleted group held are gone;
 * the trail's bucket has them.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
 */
const action = defineAction({
  title: 'put the trail’s log group back as it was',
  contains: true,
  target: z.object({ logGroup: z.string().min(1), region: z.string().min(1) }),
  before: reading,
  label: ({ logGroup }: Target) => `log group ${logGroup}`,
  words: ({ losses, wanted: { filters } }: Reading) =>
    losses.join('; ') || `as in its baseline, with ${filters.length} metric filters`,
  blastRadius: 'one log group takes and keeps the trail’s events as before; nobody is held up',
  byHand: ({ logGroup, region }) => [
    `aws logs describe-log-groups --region ${quoted(region)} --log-group-name-prefix ${quoted(logGroup)}`,
    `aws logs describe-metric-filters --region ${quoted(region)} --log-group-name ${quoted(logGroup)}`,
  ],
  permissions: {
    contain: [
      ...readLogGroupPermissions(...GROUP),
      allow(
        [
          'logs:CreateLogGroup',
          'logs:PutRetentionPolicy',
          'logs:DeleteRetentionPolicy',
          'logs:AssociateKmsKey',
          'logs:DisassociateKmsKey',
          'logs:PutMetricFilter',
        ],
        ...GROUP,
      ),
    ],
    undo: [
      ...readLogGroupPermissions(...GROUP),
      allow(
        [
          'logs:DeleteLogGroup',
          'logs:PutRetentionPolicy',
          'logs:DeleteRetentionPolicy',
          'logs:AssociateKmsKey',
          'logs:DisassociateKmsKey',
          'logs:PutMetricFilter',
          'logs:DeleteMetricFilter',
        ],
        ...GROUP,
      ),
    ],
  },
  assess: async (target, context) => {
    const before = await read(target, context);
    return before.losses.length > 0
      ? { needed: true, before }
      : { needed: false, reason: 'the log group is as in its baseline', benign: false };
  },
  capture: read,
  contain: async (target, _before, context) => {
    const { state, wanted: to } = await read(target, context);
    const { logGroup: logGroupName } = target;
    if (!state) await logsOf(target, context).send(new CreateLogGroupCommand({ logGroupName }));
    const from = state ?? { filters: [] };
    // Events that are kept longer than in the baseline take nothing away.
    const longer = logGroupLosses(to, { ...from, key: to.key, filters: to.filters }).length === 0;
    await align(target, from, longer && state ? { ...to, retention: from.retention } : to, context);
    await putFilters(target, lostFilters(to, from), context);
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.losses.length === 0, after };
  },
  undo: async (target, before, context) => {
    const logs = logsOf(target, context);
    const { logGroup: logGroupName } = target;
    const now = await readLogGroup({ region: target.region, name: logGroupName }, context);
    if (!now) return;
    if (!before.state) {
      await logs.send(new DeleteLogGroupCommand({ logGroupName }));
      return;
    }
    const were = new Map(before.state.filters.map((filter) => [filter.name, filter]));
    // Only what restoring has put is taken back: other filters may have come since.
    const restored = lostFilters(before.wanted, before.state).map(({ name }) => name);
    const there = new Set(now.filters.map(({ name }) => name));
    await putFilters(
      target,
      restored.flatMap((name) => were.get(name) ?? []),
      context,
    );
    for (const filterName of restored.filter((name) => !were.has(name) && there.has(name))) {
      await logs.send(new DeleteMetricFilterCommand({ logGroupName, filterName }));
    }
    await align(target, now, before.state, context);
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
