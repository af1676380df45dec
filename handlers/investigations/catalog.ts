import activityInGap from './activity-in-gap.ts';
import actor from './actor.ts';
import bucketExposure from './bucket-exposure.ts';
import interfaces from './interfaces.ts';
import type { Investigations } from './investigation.ts';
import loggingGap from './logging-gap.ts';
import loginPattern from './login-pattern.ts';
import roleUse from './role-use.ts';
import rootActivity from './root-activity.ts';
import rootCredentials from './root-credentials.ts';
import traffic from './traffic.ts';
import trailHealth from './trail-health.ts';

/** Every investigation by its id. The only list of them. */
export const investigations: Investigations = {
  'activity-in-gap': activityInGap,
  actor,
  'bucket-exposure': bucketExposure,
  interfaces,
  'logging-gap': loggingGap,
  'login-pattern': loginPattern,
  'role-use': roleUse,
  'root-activity': rootActivity,
  'root-credentials': rootCredentials,
  'trail-health': trailHealth,
  traffic,
};
