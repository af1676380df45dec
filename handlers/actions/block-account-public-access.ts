import {
  DeletePublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control';
import * as z from 'zod';
import { type Block, blockSchema, blockWords, fullBlock, isFull } from '../buckets/exposure.ts';
import { readAccountBlock } from '../buckets/read.ts';
import { allow } from '../permissions.ts';
import { containHandler, defineAction, undoHandler } from './action.ts';

/**
 * Turns all four settings of the account's public access block on.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
 */
const action = defineAction({
  title: 'restore the public access block of the account',
  contains: true,
  target: z.object({ account: z.string().regex(/^\d{12}$/) }),
  before: z.object({
    block: blockSchema.optional(),
  }),
  label: ({ account }: { account: string }) => `account ${account}`,
  words: ({ block }: { block?: Block | undefined }) => blockWords(block),
  blastRadius: 'every bucket of the account is closed to strangers',
  byHand: ({ account }) => [
    `aws s3control put-public-access-block --account-id ${account} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
  ],
  permissions: {
    contain: [allow(['s3:GetAccountPublicAccessBlock', 's3:PutAccountPublicAccessBlock'], '*')],
    undo: [allow(['s3:GetAccountPublicAccessBlock', 's3:PutAccountPublicAccessBlock'], '*')],
  },
  assess: async (_target, context) => {
    const block = await readAccountBlock(context);
    return isFull(block)
      ? { needed: false, reason: 'all four settings of the account’s block are on', benign: false }
      : { needed: true, before: { block } };
  },
  capture: async (_target, context) => ({ block: await readAccountBlock(context) }),
  contain: async ({ account }, _before, context) => {
    await context
      .client(S3ControlClient)
      .send(new PutPublicAccessBlockCommand({ AccountId: account, PublicAccessBlockConfiguration: fullBlock }));
  },
  verify: async (_target, context) => {
    const after = { block: await readAccountBlock(context) };
    return { verified: isFull(after.block), after };
  },
  undo: async ({ account }, before, context) => {
    const control = context.client(S3ControlClient);
    await (before.block
      ? control.send(
          new PutPublicAccessBlockCommand({ AccountId: account, PublicAccessBlockConfiguration: before.block }),
        )
      : control.send(new DeletePublicAccessBlockCommand({ AccountId: account })));
  },
});

export default action;
export const contain = containHandler(action);
export const undo = undoHandler(action);
