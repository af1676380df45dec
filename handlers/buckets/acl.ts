import * as z from 'zod';
import type { Grant } from './exposure.ts';

/** Who owns a bucket, as its ACL names it. */
export const ownerSchema = z.looseObject({ ID: z.string().optional() });
export type Owner = z.infer<typeof ownerSchema>;

/** The grants of an ACL. Fields not named here are kept: they are put back as they were. */
export const grantsSchema = z.array(
  z.looseObject({
    Grantee: z.looseObject({ URI: z.string().optional() }).optional(),
    Permission: z.string().optional(),
  }),
);
export type Grants = z.infer<typeof grantsSchema>;

/** Owner and grants as plain data, as the ledger keeps it. */
export function plainAcl(acl: { owner?: object | undefined; grants: readonly Grant[] }): {
  owner?: Owner;
  grants: Grants;
} {
  return JSON.parse(JSON.stringify({ owner: acl.owner, grants: acl.grants })) as { owner?: Owner; grants: Grants };
}

/** Whether two lists hold the same grants, in whichever order. */
export function sameGrants(one: readonly Grant[], other: readonly Grant[]): boolean {
  const texts = (list: readonly Grant[]) => list.map(grantText).sort();
  return JSON.stringify(texts(one)) === JSON.stringify(texts(other));
}

/** A grantee's display name is no part of who it is, and S3 has stopped to give it. */
function grantText({ Grantee, Permission }: Grant): string {
  const who = Object.entries(Grantee ?? {}).filter(([key, value]) => key !== 'DisplayName' && value !== undefined);
  return JSON.stringify([who.sort(), Permission]);
}
