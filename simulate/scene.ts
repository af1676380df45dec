import { randomBytes } from 'node:crypto';
import { SIMULATION_PREFIX, SIMULATION_TAG } from '../playbooks/simulation.ts';

/** A long-term access key. */
export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Credentials as a client takes them. */
export interface Credentials extends AccessKey {
  sessionToken?: string;
}

/** Where an attack is played. */
export interface Scene {
  /** The address of the local AWS; absent on AWS itself. */
  endpoint?: string;
  /** Account id, 12 digits. */
  account: string;
  region: string;
  /** Makes users and resources, and takes them away. */
  administrator: Credentials | (() => Promise<Credentials>);
  /** Root's key and password, where they are at hand: on a local AWS that was started for it. */
  root?: AccessKey;
  rootPassword?: string;
  /** Part of every name, so that two plays do not meet. */
  mark: string;
  /** Name of the trail that is tampered with: cordon's own unless told. A simulation makes one of its own. */
  trail?: string;
  /** The first part of the names of cordon's own things: `cordon` unless told. */
  prefix?: string;
  /** The log group that the detections read: cordon's own unless told. */
  logGroup?: string;
  now: () => Date;
  /** The names of what a simulation has made, so far; absent where nothing has to be cleaned up. */
  made?: Made;
}

/** Names of what was made, or was about to be, by kind. */
export interface Made {
  users: Set<string>;
  buckets: Set<string>;
  trails: Set<string>;
  roles: Set<string>;
}

/** Nothing made yet. */
export const nothingMade = (): Made => ({ users: new Set(), buckets: new Set(), trails: new Set(), roles: new Set() });

/** A scene's mark, different each time. */
export const newMark = (): string => randomBytes(3).toString('hex');

/** A password that meets any policy, and that nobody can guess. */
export const newPassword = (): string => `${randomBytes(24).toString('base64url')}aA1!`;

/** The name of somebody or something on a scene: in a simulation it says so. */
export const nameOf = ({ made, mark }: Scene, who: string): string =>
  made ? `${SIMULATION_PREFIX}${mark}-${who}` : `${who}-${mark}`;

/** How ARNs begin where a scene is: `arn:aws`. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export const partitionOf = ({ region }: Pick<Scene, 'region'>): string =>
  region.startsWith('cn-') ? 'arn:aws-cn' : region.startsWith('us-gov-') ? 'arn:aws-us-gov' : 'arn:aws';

/** The tags of what a simulation makes. */
export const tagsOf = ({ made, mark }: Scene): { Key: string; Value: string }[] =>
  made ? [{ Key: SIMULATION_TAG, Value: mark }] : [];

/** What a scene cannot give, or what went wrong on it. */
export class SceneFailure extends Error {
  override readonly name = 'SceneFailure';
}
