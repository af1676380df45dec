import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import * as z from 'zod';
import { quoted } from '../../playbooks/principals.ts';
import { dayAndClock } from '../../playbooks/report/words.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';
import { allow } from '../permissions.ts';
import { kmsOf, readKey, readKeyPermissions } from '../trails/read-pipeline.ts';
import { wanted } from '../trails/wanted.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

interface Target {
  /** ARN. */
  key: string;
}

const reading = z.object({ state: z.string(), deletionDate: z.iso.datetime().optional() });
type Reading = z.infer<typeof reading>;

const KEY = '{trailKey}';
const DAY_MS = 24 * 60 * 60_000;

async function read({ key }: Target, context: Context): Promise<Reading> {
  const found = await readKey(key, context);
  if (!found) throw new TargetUnfit(`Key ${key} does not exist any more: what it encrypts cannot be read.`);
  const { state, deletionDate } = found;
  return { state, ...(deletionDate ? { deletionDate: deletionDate.toISOString() } : {}) };
}

/**
 * Enables the key that encrypts a trail's files again, and before that cancels its deletion, which leaves it disabled.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
 */
const action = defineAction({
  title: 'enable the trail’s key again',
  contains: true,
  target: z.object({ key: z.string().startsWith('arn:') }),
  before: reading,
  label: ({ key }: Target) => `key ${key.slice(key.indexOf('/') + 1)}`,
  words: ({ state, deletionDate }: Reading) =>
    `${state.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}${deletionDate ? `, to be deleted on ${dayAndClock(deletionDate)}` : ''}`,
  blastRadius: 'whatever else uses this key can use it again',
  byHand: ({ key }) => [
    `aws kms describe-key --region ${quoted(key.split(':')[3] ?? '')} --key-id ${quoted(key)}`,
    `aws kms cancel-key-deletion --region ${quoted(key.split(':')[3] ?? '')} --key-id ${quoted(key)}`,
    `aws kms enable-key --region ${quoted(key.split(':')[3] ?? '')} --key-id ${quoted(key)}`,
  ],
  permissions: {
    contain: [readKeyPermissions(KEY), allow(['kms:EnableKey', 'kms:CancelKeyDeletion'], KEY)],
    undo: [readKeyPermissions(KEY), allow(['kms:DisableKey', 'kms:ScheduleKeyDeletion'], KEY)],
  },
  assess: async (target, context) => {
    const [before] = await Promise.all([
      read(target, context),
      wanted({ kind: 'key', name: target.key }, 'keyState', context),
    ]);
    return before.state === 'Enabled'
      ? { needed: false, reason: 'the key is enabled', benign: false }
      : { needed: true, before };
  },
  capture: read,
  contain: async (target, _before, context) => {
    const { state } = await read(target, context);
    const kms = kmsOf(target.key, context);
    if (state === 'PendingDeletion') await kms.send(new CancelKeyDeletionCommand({ KeyId: target.key }));
    if (state !== 'Enabled') await kms.send(new EnableKeyCommand({ KeyId: target.key }));
  },
  verify: async (target, context) => {
    const after = await read(target, context);
    return { verified: after.state === 'Enabled', after };
  },
  undo: async ({ key }, before, context) => {
    const kms = kmsOf(key, context);
    if (before.state === 'Disabled') await kms.send(new DisableKeyCommand({ KeyId: key }));
    if (before.state !== 'PendingDeletion') return;
    const left = Date.parse(before.deletionDate ?? '') - context.now().getTime();
    // KMS takes 7 to 30 days.
    const PendingWindowInDays = Math.min(30, Math.max(7, Math.ceil(left / DAY_MS) || 30));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
