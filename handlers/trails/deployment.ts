import { actorOf } from '../../playbooks/actor.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Context } from '../context.ts';

const CLOUDFORMATION = 'cloudformation.amazonaws.com';

/**
 * Whether CloudFormation made the call for a protected principal: that is how a deployment changes a trail. Neither alone is
 * enough, since anybody may have a stack, and a protected principal's key may be stolen. The caller cannot forge either field.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function isDeployment(record: CloudTrailRecord, context: Context): boolean {
  const through = record.userIdentity?.invokedBy === CLOUDFORMATION || record.sourceIPAddress === CLOUDFORMATION;
  return through && isByProtected(record, context);
}

/** Whether a principal made the call whom the deployment protects by name. */
export function isByProtected(record: CloudTrailRecord, { environment }: Context): boolean {
  const { arn } = actorOf(record, environment.account);
  return arn !== undefined && environment.protectedPrincipals.some((pattern) => fits(pattern, arn));
}

const fits = (pattern: string, arn: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(arn);
};
