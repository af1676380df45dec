import * as z from 'zod';
import { allDetections } from '../playbooks/catalog.ts';
import { type Mode, modes } from '../playbooks/response.ts';
import { isExpired, type Suppression, suppressionSchema, suppressionWords } from '../playbooks/suppression.ts';

/** How far the playbooks go by themselves, as a deployment decides it. */
export interface GuardSettings {
  /** How far any action goes at most. */
  mode: Mode;
  /** The same for single detections, by their ids. */
  detectionModes: Record<string, Mode>;
  /** How many automatic actions on principals there may be within an hour; further ones are proposed. */
  cap: number;
  suppressions: Suppression[];
}

const isDetection = (id: string): boolean => Object.hasOwn(allDetections, id);
const known = Object.keys(allDetections).join(', ');
const mode = z.enum(modes);
const modesByDetection = z.record(z.string(), mode).superRefine((given, context) => {
  const unknown = Object.keys(given).filter((id) => !isDetection(id));
  for (const id of unknown) context.addIssue(`there is no detection ${JSON.stringify(id)}; known: ${known}`);
});

/** JSON that cdk.json holds as it is and the command line as text. */
export const fromText = (value: unknown): unknown => {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** `root-usage=monitor,s3-public-exposure=auto` as an object. */
export const pairs = (value: unknown): unknown =>
  typeof value === 'string'
    ? Object.fromEntries(
        value
          .split(',')
          .filter((pair) => pair.trim())
          .map((pair) => pair.split('=').map((part) => part.trim())),
      )
    : value;

/** The settings' fields, by the names that `-c` has for them. */
export const guardFields = {
  mode: mode.default('auto'),
  modes: z.preprocess((value) => pairs(fromText(value)), modesByDetection).default({}),
  cap: z.coerce.number().int().min(0).max(1000).default(10),
  suppressions: z
    .preprocess(
      fromText,
      z.array(
        suppressionSchema.refine(({ detection }) => isDetection(detection), {
          path: ['detection'],
          error: `must be one of ${known}`,
        }),
      ),
    )
    .default([]),
};

/** What to warn of: suppressions that do not apply any more. */
export const expiredWarnings = (suppressions: readonly Suppression[], now: Date): string[] =>
  suppressions
    .filter((one) => isExpired(one, now))
    .map((one) => `A suppression of ${one.detection} has expired and does not apply: ${suppressionWords(one)}.`);
