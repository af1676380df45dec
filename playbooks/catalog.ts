import type { AnyDetection, Detection, FindingDetection } from './detection.ts';
import accessKeyMade from './detections/access-key-made.ts';
import adminRightsGiven from './detections/admin-rights-given.ts';
import cisBucketPolicyChanges from './detections/cis-bucket-policy-changes.ts';
import cisConfigChanges from './detections/cis-config-changes.ts';
import cisIamPolicyChanges from './detections/cis-iam-policy-changes.ts';
import cisKeyDisabled from './detections/cis-key-disabled.ts';
import cisNetworkAclChanges from './detections/cis-network-acl-changes.ts';
import cisNetworkGatewayChanges from './detections/cis-network-gateway-changes.ts';
import cisOrganizationChanges from './detections/cis-organization-changes.ts';
import cisRootUsage from './detections/cis-root-usage.ts';
import cisRouteTableChanges from './detections/cis-route-table-changes.ts';
import cisSecurityGroupChanges from './detections/cis-security-group-changes.ts';
import cisSignInFailures from './detections/cis-sign-in-failures.ts';
import cisSignInWithoutMfa from './detections/cis-sign-in-without-mfa.ts';
import cisTrailChanges from './detections/cis-trail-changes.ts';
import cisUnauthorizedCalls from './detections/cis-unauthorized-calls.ts';
import cisVpcChanges from './detections/cis-vpc-changes.ts';
import failedConsoleLogins from './detections/failed-console-logins.ts';
import flowRemoteAccess from './detections/flow-remote-access.ts';
import flowScanInside from './detections/flow-scan-inside.ts';
import flowScanOutside from './detections/flow-scan-outside.ts';
import flowVolumeOut from './detections/flow-volume-out.ts';
import guarddutyBucket from './detections/guardduty-bucket.ts';
import guarddutyCredentials from './detections/guardduty-credentials.ts';
import guarddutyInstance from './detections/guardduty-instance.ts';
import guarddutyOther from './detections/guardduty-other.ts';
import loginProfileMade from './detections/login-profile-made.ts';
import mfaDeactivated from './detections/mfa-deactivated.ts';
import roleTrustOpened from './detections/role-trust-opened.ts';
import rootUsage from './detections/root-usage.ts';
import s3PublicExposure from './detections/s3-public-exposure.ts';
import signInWithoutMfa from './detections/sign-in-without-mfa.ts';
import socTampering from './detections/soc-tampering.ts';
import trailPipelineTampering from './detections/trail-pipeline-tampering.ts';
import trailTampering from './detections/trail-tampering.ts';
import type { PackId } from './packs.ts';
import type { Response } from './response.ts';
import answerFailedLogins from './responses/answer-failed-logins.ts';
import answerFinding from './responses/answer-finding.ts';
import answerMissingMfa from './responses/answer-missing-mfa.ts';
import closeBucket from './responses/close-bucket.ts';
import restoreSoc from './responses/restore-soc.ts';
import restoreTrail from './responses/restore-trail.ts';
import restoreTrailPipeline from './responses/restore-trail-pipeline.ts';
import review from './responses/review.ts';
import reviewRootUsage from './responses/review-root-usage.ts';
import reviewTraffic from './responses/review-traffic.ts';
import takeBackAccess from './responses/take-back-access.ts';

/**
 * Every detection of a trail's records by its id. The only list of them: infra, handlers, docs and tests read this and name none. Their order
 * counts: one that yields leaves its records to those before it, so what is wider stands further down.
 */
export const detections: Readonly<Record<string, Detection>> = {
  'root-usage': rootUsage,
  's3-public-exposure': s3PublicExposure,
  'failed-console-logins': failedConsoleLogins,
  'trail-tampering': trailTampering,
  'trail-pipeline-tampering': trailPipelineTampering,
  'soc-tampering': socTampering,
  'access-key-made': accessKeyMade,
  'login-profile-made': loginProfileMade,
  'admin-rights-given': adminRightsGiven,
  'role-trust-opened': roleTrustOpened,
  'mfa-deactivated': mfaDeactivated,
  'sign-in-without-mfa': signInWithoutMfa,
  'cis-root-usage': cisRootUsage,
  'cis-trail-changes': cisTrailChanges,
  'cis-sign-in-without-mfa': cisSignInWithoutMfa,
  'cis-sign-in-failures': cisSignInFailures,
  'cis-iam-policy-changes': cisIamPolicyChanges,
  'cis-key-disabled': cisKeyDisabled,
  'cis-bucket-policy-changes': cisBucketPolicyChanges,
  'cis-config-changes': cisConfigChanges,
  'cis-security-group-changes': cisSecurityGroupChanges,
  'cis-network-acl-changes': cisNetworkAclChanges,
  'cis-network-gateway-changes': cisNetworkGatewayChanges,
  'cis-route-table-changes': cisRouteTableChanges,
  'cis-vpc-changes': cisVpcChanges,
  'cis-organization-changes': cisOrganizationChanges,
  'cis-unauthorized-calls': cisUnauthorizedCalls,
  'flow-remote-access': flowRemoteAccess,
  'flow-scan-inside': flowScanInside,
  'flow-scan-outside': flowScanOutside,
  'flow-volume-out': flowVolumeOut,
};

/** Every detection of GuardDuty's findings by its id. */
export const findingDetections: Readonly<Record<string, FindingDetection>> = {
  'guardduty-credentials': guarddutyCredentials,
  'guardduty-bucket': guarddutyBucket,
  'guardduty-instance': guarddutyInstance,
  'guardduty-other': guarddutyOther,
};

/** Every detection of either source by its id. */
export const allDetections: Readonly<Record<string, AnyDetection>> = { ...detections, ...findingDetections };

/** Every response by its id. */
export const responses: Readonly<Record<string, Response>> = {
  'review-root-usage': reviewRootUsage,
  'close-bucket': closeBucket,
  'answer-failed-logins': answerFailedLogins,
  'restore-trail': restoreTrail,
  'restore-trail-pipeline': restoreTrailPipeline,
  'restore-soc': restoreSoc,
  'take-back-access': takeBackAccess,
  'answer-missing-mfa': answerMissingMfa,
  'answer-finding': answerFinding,
  review,
  'review-traffic': reviewTraffic,
};

const isOn = ({ pack }: AnyDetection, on: readonly PackId[]): boolean => pack === undefined || on.includes(pack);

/** The detections of a trail's records in a deployment: those of no pack, and those of the packs that are on. */
export const deployedDetections = (on: readonly PackId[]): [id: string, detection: Detection][] =>
  Object.entries(detections).filter(([, detection]) => isOn(detection, on));

/** The detections of GuardDuty's findings in a deployment. */
export const deployedFindingDetections = (on: readonly PackId[]): [id: string, detection: FindingDetection][] =>
  Object.entries(findingDetections).filter(([, detection]) => isOn(detection, on));

/** The responses of a deployment: those that its detections start. */
export function deployedResponses(on: readonly PackId[]): [id: string, response: Response][] {
  const started = new Set(
    Object.values(allDetections)
      .filter((detection) => isOn(detection, on))
      .map(({ response }) => response),
  );
  return Object.entries(responses).filter(([id]) => started.has(id));
}

/**
 * The detections of a deployment to which one that yields leaves their records: those before it in the catalog for whose
 * alarm one record is enough.
 */
export function precedence(id: string, on: readonly PackId[]): [id: string, detection: Detection][] {
  const all = deployedDetections(on);
  const place = all.findIndex(([other]) => other === id);
  return all.slice(0, Math.max(place, 0)).filter(([, { alarm }]) => alarm.atLeast === 1);
}

/** The kinds of resource that a detection of findings takes; for the others, those that it leaves to the detections that name them. */
export const findingKinds = ({ about }: FindingDetection): { taken?: readonly string[]; left?: readonly string[] } =>
  about === 'others'
    ? { left: Object.values(findingDetections).flatMap((one) => (one.about === 'others' ? [] : one.about)) }
    : { taken: about };

/** Thrown when an id is not in the catalog. */
export class UnknownUnit extends Error {
  override name = 'UnknownUnit';
  constructor(kind: string, id: string, known: string[]) {
    super(`There is no ${kind} '${id}' in the catalog. Known: ${known.join(', ')}.`);
  }
}

/** The detection of that id. @throws {UnknownUnit} */
export function detectionOf(id: string): AnyDetection {
  const found = Object.hasOwn(allDetections, id) ? allDetections[id] : undefined;
  if (!found) throw new UnknownUnit('detection', id, Object.keys(allDetections));
  return found;
}

/** The response of that id. @throws {UnknownUnit} */
export function responseOf(id: string): Response {
  const found = Object.hasOwn(responses, id) ? responses[id] : undefined;
  if (!found) throw new UnknownUnit('response', id, Object.keys(responses));
  return found;
}
