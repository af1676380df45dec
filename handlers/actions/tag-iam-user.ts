import { IAMClient, ListUserTagsCommand, TagUserCommand, UntagUserCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { errorName, TargetUnfit } from '../errors.ts';
import { tagsFor } from '../incidents/tags.ts';
import { allow, users } from '../permissions.ts';
import { containHandler, defineAction, type IncidentRef, undoHandler } from './action.ts';
import { userTarget } from './iam-user.ts';

const KEYS = ['cordon:incident', 'cordon:detection', 'cordon:at'];

async function pageOfTags(user: string, marker: string | undefined, context: Context) {
  try {
    return await context
      .client(IAMClient)
      .send(new ListUserTagsCommand({ UserName: user, ...(marker ? { Marker: marker } : {}) }));
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
    throw new TargetUnfit(`IAM user ${user} does not exist any more: there is nobody to tag.`, { cause: error });
  }
}

async function ownTags(user: string, context: Context): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let marker: string | undefined;
  do {
    const page = await pageOfTags(user, marker, context);
    for (const { Key, Value } of page.Tags ?? []) if (Key && KEYS.includes(Key)) found[Key] = Value ?? '';
    marker = page.IsTruncated ? page.Marker : undefined;
  } while (marker);
  return found;
}

/** Tags an IAM user with the incident. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html */
const action = defineAction({
  title: 'tag the IAM user with the incident',
  contains: false,
  target: userTarget,
  before: z.object({ tags: z.record(z.string(), z.string()) }),
  label: ({ user }) => `IAM user ${user}`,
  words: ({ tags }: { tags: Record<string, string> }) =>
    Object.entries(tags)
      .map(([key, value]) => `${key}=${value}`)
      .join(', ') || 'no tags of cordon',
  blastRadius: 'three tags; the user goes on working, unless policies look at these tags',
  permissions: {
    contain: [allow(['iam:ListUserTags', 'iam:TagUser'], users)],
    undo: [allow(['iam:ListUserTags', 'iam:TagUser', 'iam:UntagUser'], users)],
  },
  capture: async ({ user }, context) => ({ tags: await ownTags(user, context) }),
  contain: async ({ user }, _before, context, incident) => {
    await context
      .client(IAMClient)
      .send(new TagUserCommand({ UserName: user, Tags: tagsFor(incident, context.now()) }));
  },
  verify: async ({ user }, context, incident: IncidentRef) => {
    const tags = await ownTags(user, context);
    return { verified: tags['cordon:incident'] === incident.id, after: { tags } };
  },
  undo: async ({ user }, before, context) => {
    const iam = context.client(IAMClient);
    const gone = KEYS.filter((key) => !(key in before.tags));
    if (gone.length > 0) await iam.send(new UntagUserCommand({ UserName: user, TagKeys: gone }));
    const kept = Object.entries(before.tags).map(([Key, Value]) => ({ Key, Value }));
    if (kept.length > 0) await iam.send(new TagUserCommand({ UserName: user, Tags: kept }));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
