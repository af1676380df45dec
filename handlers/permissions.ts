/**
 * What a step, investigation or action may do, declared beside its code. Resources are ARN patterns in which `{table}`,
 * `{topic}`, `{bus}`, `{escalationTopic}`, `{evidence}`, `{logGroup}`, `{flowLogGroup}`, `{trailBucket}`, `{deliveryRole}`, `{trailKey}`, `{organizationRole}`, `{partition}`, `{region}`, `{account}` and `{prefix}` are filled in at synth.
 */
export interface Permission {
  /** IAM actions: `iam:TagUser`. Names: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
  actions: readonly string[];
  resources: readonly string[];
  /** As in a policy: `{ StringEquals: { 'iam:PassedToService': 'cloudtrail.amazonaws.com' } }`. */
  condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Allows `actions` on `resources`. */
export const allow = (actions: readonly string[], ...resources: string[]): Permission => ({ actions, resources });

/** IAM roles. */
export const roles = 'arn:{partition}:iam::{account}:role/*';
/** IAM groups. */
export const groups = 'arn:{partition}:iam::{account}:group/*';
/** IAM users. */
export const users = 'arn:{partition}:iam::{account}:user/*';
/** Trails in every region: a trail's home region may be another than the stack's. */
export const trails = 'arn:{partition}:cloudtrail:*:{account}:trail/*';
/** Handing a trail the role that it delivers with, as making or changing it takes. */
export const passDeliveryRole: Permission = {
  ...allow(['iam:PassRole'], roles),
  condition: { StringEquals: { 'iam:PassedToService': 'cloudtrail.amazonaws.com' } },
};
/** Log groups in every region. */
export const logGroups = 'arn:{partition}:logs:*:{account}:log-group:*';
/** Keys in every region. */
export const keys = 'arn:{partition}:kms:*:{account}:key/*';
/** EC2 instances in every region. */
export const instances = 'arn:{partition}:ec2:*:{account}:instance/*';
/** Network interfaces in every region. */
export const networkInterfaces = 'arn:{partition}:ec2:*:{account}:network-interface/*';
/** Security groups in every region. */
export const securityGroups = 'arn:{partition}:ec2:*:{account}:security-group/*';
/** Buckets. */
export const buckets = 'arn:{partition}:s3:::*';

/** Reading and writing the ledger. */
export const useLedger = allow(
  ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  '{table}',
);
