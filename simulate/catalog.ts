import accessKeyMade from './access-key-made.ts';
import adminRightsGiven from './admin-rights-given.ts';
import type { Attack } from './attack.ts';
import cisBucketPolicyChanges from './cis-bucket-policy-changes.ts';
import failedConsoleLogins from './failed-console-logins.ts';
import loginProfileMade from './login-profile-made.ts';
import mfaDeactivated from './mfa-deactivated.ts';
import roleTrustOpened from './role-trust-opened.ts';
import rootUsage from './root-usage.ts';
import s3PublicExposure from './s3-public-exposure.ts';
import signInWithoutMfa from './sign-in-without-mfa.ts';
import socTampering from './soc-tampering.ts';
import trailPipelineTampering from './trail-pipeline-tampering.ts';
import trailTampering from './trail-tampering.ts';

/** The attacks of the demonstration and of the measurements, in the order in which they are played. */
export const attacks: readonly Attack[] = [trailTampering, s3PublicExposure, failedConsoleLogins, rootUsage];

/** Every scenario that can be simulated, each by the id of its detection. */
export const scenarios: readonly Attack[] = [
  ...attacks,
  trailPipelineTampering,
  socTampering,
  accessKeyMade,
  loginProfileMade,
  adminRightsGiven,
  roleTrustOpened,
  mfaDeactivated,
  signInWithoutMfa,
  cisBucketPolicyChanges,
];
