import {
  DeactivateMFADeviceCommand,
  DeleteAccessKeyCommand,
  DeleteLoginProfileCommand,
  DeleteSigningCertificateCommand,
  GetLoginProfileCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ListSigningCertificatesCommand,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import { plural } from '../../playbooks/report/words.ts';
import type { Context } from '../context.ts';
import { errorName } from '../errors.ts';
import { assumeOrganizationRole, type RootTask, rootCredentials } from '../organization.ts';
import { containHandler, defineAction, type IncidentRef } from './action.ts';

const held = z.object({
  password: z.boolean(),
  accessKeys: z.array(z.string()),
  certificates: z.array(z.string()),
  mfaDevices: z.array(z.string()),
});
type Held = z.infer<typeof held>;

/** An IAM client in the name of the account's root, for one task. Without a user name IAM takes the caller: root. */
const asRoot = async (account: string, task: RootTask, incident: IncidentRef, context: Context) =>
  context.client(IAMClient, undefined, await rootCredentials(account, task, incident, context));

async function heldBy(account: string, incident: IncidentRef, context: Context): Promise<Held> {
  const iam = await asRoot(account, 'IAMAuditRootUserCredentials', incident, context);
  const [password, keys, certificates, devices] = await Promise.all([
    hasPassword(iam),
    iam.send(new ListAccessKeysCommand({})),
    iam.send(new ListSigningCertificatesCommand({})),
    iam.send(new ListMFADevicesCommand({})),
  ]);
  return {
    password,
    accessKeys: texts(keys.AccessKeyMetadata?.map((one) => one.AccessKeyId)),
    certificates: texts(certificates.Certificates?.map((one) => one.CertificateId)),
    mfaDevices: texts(devices.MFADevices?.map((one) => one.SerialNumber)),
  };
}

const texts = (values: (string | undefined)[] = []): string[] => values.filter((value) => value !== undefined);

async function hasPassword(iam: IAMClient): Promise<boolean> {
  try {
    await iam.send(new GetLoginProfileCommand({}));
    return true;
  } catch (error) {
    if (errorName(error) === 'NoSuchEntityException') return false;
    throw error;
  }
}

/** Deletes it; that it is gone already is fine. */
async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (errorName(error) !== 'NoSuchEntityException') throw error;
  }
}

/**
 * Deletes everything that this account's root can sign in or sign with, by privileged sessions that the management
 * account starts. Sessions that are open are not ended by it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
 */
const action = defineAction({
  title: 'delete root’s password, access keys, certificates and MFA devices',
  contains: true,
  irreversible:
    'deleted keys, certificates and MFA devices cannot be brought back; root gets a new password only where the management account allows its recovery',
  target: z.object({ account: z.string().regex(/^\d{12}$/) }),
  before: held,
  label: ({ account }: { account: string }) => `root of account ${account}`,
  words: ({ password, accessKeys, certificates, mfaDevices }: Held) =>
    [
      password ? 'a password' : 'no password',
      plural(accessKeys.length, 'access key'),
      plural(certificates.length, 'certificate'),
      plural(mfaDevices.length, 'MFA device'),
    ].join(', '),
  blastRadius: 'nobody can sign in as root of this account any more, also not in a break-glass procedure',
  permissions: { contain: [assumeOrganizationRole], undo: [] },
  capture: ({ account }, context, incident) => heldBy(account, incident, context),
  contain: async ({ account }, _before, context, incident) => {
    // Read again: what was made since must go as well.
    const now = await heldBy(account, incident, context);
    const iam = await asRoot(account, 'IAMDeleteRootUserCredentials', incident, context);
    await Promise.all([
      ...now.accessKeys.map((AccessKeyId) => gone(iam.send(new DeleteAccessKeyCommand({ AccessKeyId })))),
      ...now.certificates.map((CertificateId) =>
        gone(iam.send(new DeleteSigningCertificateCommand({ CertificateId }))),
      ),
      ...(now.password ? [gone(iam.send(new DeleteLoginProfileCommand({})))] : []),
    ]);
    // Last: as long as there is a password, it protects it.
    for (const SerialNumber of now.mfaDevices) await gone(iam.send(new DeactivateMFADeviceCommand({ SerialNumber })));
  },
  verify: async ({ account }, context, incident) => {
    const after = await heldBy(account, incident, context);
    const left = [...after.accessKeys, ...after.certificates, ...after.mfaDevices];
    return { verified: !after.password && left.length === 0, after };
  },
});

export default action;
export const contain = containHandler(action);
