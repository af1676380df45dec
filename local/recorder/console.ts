import { randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { CloudTrailRecord, UserIdentity } from '../../playbooks/cloudtrail.ts';
import type { Exchange } from './record.ts';
import { wholeSeconds } from './record.ts';
import { HIDDEN } from './spelling.ts';

const derive = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;

/** The body of `POST /_cordon/console-sign-in`: a user's name, or `root: true`, and the password to try. */
export const signInRequest = z
  .strictObject({
    userName: z.string().min(1).max(64).optional(),
    root: z.literal(true).optional(),
    password: z.string().max(128),
    mfa: z.boolean().default(false),
    /** The address that the record shall have; the connection's own by default. */
    sourceIPAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
    userAgent: z.string().max(512).optional(),
  })
  .refine(({ userName, root }) => (userName === undefined) !== (root === undefined), {
    error: 'Give either userName or root: true.',
  });
/** A console sign-in to try. */
export type SignInRequest = z.infer<typeof signInRequest>;

const BROWSER =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

interface Hash {
  salt: Buffer;
  key: Buffer;
}

/** The console passwords of an account, as hashes: they are seen when they are set, and never kept. */
export class Passwords {
  readonly #hashes = new Map<string, Promise<Hash>>();
  readonly #root: Promise<Hash>;

  constructor(rootPassword: string) {
    this.#root = hash(rootPassword);
  }

  /** Takes note of a call that sets, changes or takes away a user's password. */
  learn({ call, input, refusal }: Exchange, caller: UserIdentity): void {
    if (refusal || call.model.name !== 'iam') return;
    const { name } = call.operation;
    const user = typeof input.UserName === 'string' ? input.UserName : caller.userName;
    if (user === undefined) return;
    const password = name === 'ChangePassword' ? input.NewPassword : input.Password;
    if (/^((Create|Update)LoginProfile|ChangePassword)$/.test(name) && typeof password === 'string') {
      this.#hashes.set(user, hash(password));
    }
    if (name === 'DeleteLoginProfile' || name === 'DeleteUser') this.#hashes.delete(user);
  }

  /** Whether a password is a user's, or root's. Takes as long for a user without one. */
  async check(user: string | undefined, password: string): Promise<boolean> {
    const known = user === undefined ? this.#root : this.#hashes.get(user);
    const { salt, key } = await (known ?? this.#root);
    const matches = timingSafeEqual(await derive(password, salt, key.length), key);
    return matches && known !== undefined;
  }
}

async function hash(password: string): Promise<Hash> {
  const salt = randomBytes(16);
  return { salt, key: await derive(password, salt, 32) };
}

/**
 * Writes the record of a sign-in to the console.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
 * @param user the user as the account knows it; undefined for root, and for a name that is nobody's
 */
export function signInRecord(
  request: SignInRequest,
  {
    succeeded,
    user,
    account,
    sourceAddress,
    at,
  }: { succeeded: boolean; user: UserIdentity | undefined; account: string; sourceAddress: string; at: Date },
): CloudTrailRecord {
  const unknown = request.root === undefined && user === undefined;
  const message = unknown ? 'No username found in supplied account' : 'Failed authentication';
  return {
    eventVersion: '1.11',
    userIdentity: signInIdentity(request, user, account, succeeded),
    eventTime: wholeSeconds(at),
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    awsRegion: 'us-east-1',
    sourceIPAddress: request.sourceIPAddress ?? sourceAddress,
    userAgent: request.userAgent ?? BROWSER,
    ...(!succeeded && { errorMessage: message }),
    requestParameters: null,
    responseElements: { ConsoleLogin: succeeded ? 'Success' : 'Failure' },
    additionalEventData: {
      LoginTo: 'https://console.aws.amazon.com/console/home?region=us-east-1&state=hashArgs%23&isauthcode=true',
      MobileVersion: 'No',
      MFAUsed: request.mfa ? 'Yes' : 'No',
    },
    eventID: randomUUID(),
    readOnly: false,
    eventType: 'AwsConsoleSignIn',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  };
}

function signInIdentity(
  request: SignInRequest,
  user: UserIdentity | undefined,
  account: string,
  succeeded: boolean,
): UserIdentity {
  if (request.root)
    return {
      type: 'Root',
      principalId: account,
      arn: `arn:aws:iam::${account}:root`,
      accountId: account,
      accessKeyId: '',
    };
  if (!user) return { type: 'IAMUser', accountId: account, accessKeyId: '', userName: HIDDEN };
  // A failed sign-in proves nobody's identity: CloudTrail writes the name that was tried, and no ARN.
  if (!succeeded)
    return {
      type: 'IAMUser',
      ...(user.principalId && { principalId: user.principalId }),
      accountId: account,
      accessKeyId: '',
      userName: user.userName ?? '',
    };
  return user;
}
