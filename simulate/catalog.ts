import type { Attack } from './attack.ts';
import failedConsoleLogins from './failed-console-logins.ts';
import rootUsage from './root-usage.ts';
import s3PublicExposure from './s3-public-exposure.ts';
import trailTampering from './trail-tampering.ts';

/** Every attack, in the order in which the demonstration plays them. */
export const attacks: readonly Attack[] = [trailTampering, s3PublicExposure, failedConsoleLogins, rootUsage];
