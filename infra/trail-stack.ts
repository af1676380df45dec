import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Trail } from 'aws-cdk-lib/aws-cloudtrail';
import type { CfnRole } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type KnownTrail, ownTrail } from '../playbooks/detection.ts';
import type { Settings } from './settings.ts';

/**
 * A multi-region trail with log file validation, its bucket and its log group. A stack of its own: an account that has a
 * trail names that trail's log group in the settings and leaves this stack out. Bucket and log group outlive the stack.
 */
export class TrailStack extends Stack {
  /** What the detections must know of the trail. */
  readonly trail: KnownTrail;

  constructor(scope: Construct, id: string, settings: Settings, props: StackProps) {
    super(scope, id, props);
    const own = ownTrail(settings.prefix);
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        { noncurrentVersionExpiration: Duration.days(365), abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const logGroup = new LogGroup(this, 'LogGroup', {
      logGroupName: own.logGroup,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const trail = new Trail(this, 'Trail', {
      trailName: settings.prefix,
      bucket,
      cloudWatchLogGroup: logGroup,
      sendToCloudWatchLogs: true,
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableFileValidation: true,
    });
    // By its name the detections, and the boundary of those who restore it, know the role.
    (trail.node.findChild('LogsRole').node.defaultChild as CfnRole).roleName = own.role;
    this.trail = { ...own, bucket: bucket.bucketName, key: settings.trailParts.key };
  }
}
