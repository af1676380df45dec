import type { Detection } from './detection.ts';
import failedConsoleLogins from './detections/failed-console-logins.ts';
import rootUsage from './detections/root-usage.ts';
import s3PublicExposure from './detections/s3-public-exposure.ts';
import socTampering from './detections/soc-tampering.ts';
import trailPipelineTampering from './detections/trail-pipeline-tampering.ts';
import trailTampering from './detections/trail-tampering.ts';
import type { Response } from './response.ts';
import answerFailedLogins from './responses/answer-failed-logins.ts';
import closeBucket from './responses/close-bucket.ts';
import restoreSoc from './responses/restore-soc.ts';
import restoreTrail from './responses/restore-trail.ts';
import restoreTrailPipeline from './responses/restore-trail-pipeline.ts';
import reviewRootUsage from './responses/review-root-usage.ts';

/** Every detection by its id. The only list of them: infra, handlers, docs and tests read this and name none. */
export const detections: Readonly<Record<string, Detection>> = {
  'root-usage': rootUsage,
  's3-public-exposure': s3PublicExposure,
  'failed-console-logins': failedConsoleLogins,
  'trail-tampering': trailTampering,
  'trail-pipeline-tampering': trailPipelineTampering,
  'soc-tampering': socTampering,
};

/** Every response by its id. */
export const responses: Readonly<Record<string, Response>> = {
  'review-root-usage': reviewRootUsage,
  'close-bucket': closeBucket,
  'answer-failed-logins': answerFailedLogins,
  'restore-trail': restoreTrail,
  'restore-trail-pipeline': restoreTrailPipeline,
  'restore-soc': restoreSoc,
};

/** Thrown when an id is not in the catalog. */
export class UnknownUnit extends Error {
  override name = 'UnknownUnit';
  constructor(kind: string, id: string, known: string[]) {
    super(`There is no ${kind} '${id}' in the catalog. Known: ${known.join(', ')}.`);
  }
}

/** The detection of that id. @throws {UnknownUnit} */
export function detectionOf(id: string): Detection {
  const found = Object.hasOwn(detections, id) ? detections[id] : undefined;
  if (!found) throw new UnknownUnit('detection', id, Object.keys(detections));
  return found;
}

/** The response of that id. @throws {UnknownUnit} */
export function responseOf(id: string): Response {
  const found = Object.hasOwn(responses, id) ? responses[id] : undefined;
  if (!found) throw new UnknownUnit('response', id, Object.keys(responses));
  return found;
}
