import type { Action } from './action.ts';
import blockAccountPublicAccess from './block-account-public-access.ts';
import blockPublicAccess from './block-public-access.ts';
import closeAccessPoint from './close-access-point.ts';
import closeRoleTrust from './close-role-trust.ts';
import deactivateAccessKey from './deactivate-access-key.ts';
import deleteRootCredentials from './delete-root-credentials.ts';
import denyAddresses from './deny-addresses.ts';
import denyRootByScp from './deny-root-by-scp.ts';
import disableIamUser from './disable-iam-user.ts';
import enableKey from './enable-key.ts';
import isolateInstance from './isolate-instance.ts';
import removePublicAccess from './remove-public-access.ts';
import requireNewPassword from './require-new-password.ts';
import restoreAlarm from './restore-alarm.ts';
import restoreDeliveryRole from './restore-delivery-role.ts';
import restoreLogBucket from './restore-log-bucket.ts';
import restoreLogGroup from './restore-log-group.ts';
import restoreOwnRole from './restore-own-role.ts';
import restorePlaybook from './restore-playbook.ts';
import restoreRule from './restore-rule.ts';
import restoreTrail from './restore-trail.ts';
import revokeRoleSessions from './revoke-role-sessions.ts';
import startLogging from './start-logging.ts';
import tagIamUser from './tag-iam-user.ts';
import takeBackPolicy from './take-back-policy.ts';

// biome-ignore lint/suspicious/noExplicitAny: each action has a target of its own, checked by its own schema
export type AnyAction = Action<any, any, any>;

/** Every action by its id, which is its file's name. The only list of them. */
export const actions: Readonly<Record<string, AnyAction>> = {
  'block-account-public-access': blockAccountPublicAccess,
  'block-public-access': blockPublicAccess,
  'close-access-point': closeAccessPoint,
  'close-role-trust': closeRoleTrust,
  'deactivate-access-key': deactivateAccessKey,
  'delete-root-credentials': deleteRootCredentials,
  'deny-addresses': denyAddresses,
  'deny-root-by-scp': denyRootByScp,
  'disable-iam-user': disableIamUser,
  'enable-key': enableKey,
  'isolate-instance': isolateInstance,
  'remove-public-access': removePublicAccess,
  'require-new-password': requireNewPassword,
  'revoke-role-sessions': revokeRoleSessions,
  'restore-alarm': restoreAlarm,
  'restore-delivery-role': restoreDeliveryRole,
  'restore-log-bucket': restoreLogBucket,
  'restore-log-group': restoreLogGroup,
  'restore-own-role': restoreOwnRole,
  'restore-playbook': restorePlaybook,
  'restore-rule': restoreRule,
  'restore-trail': restoreTrail,
  'start-logging': startLogging,
  'tag-iam-user': tagIamUser,
  'take-back-policy': takeBackPolicy,
};
