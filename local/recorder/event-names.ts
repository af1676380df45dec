import type { Operation, ServiceModel } from './models.ts';

/**
 * Operations that are data events, or that CloudTrail records nowhere: they never appear among management events.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
 */
const DATA: Record<string, RegExp> = {
  cloudwatch: /^(PutMetricData|GetMetric(Data|Statistics|WidgetImage)|ListMetrics)$/,
  dynamodb:
    /^((Get|Put|Update|Delete)Item|Query|Scan|Batch(Get|Write)Item|Transact(Get|Write)Items|(Execute|BatchExecute)Statement|ExecuteTransaction)$/,
  dynamodbstreams: /^(GetRecords|GetShardIterator)$/,
  events: /^(PutEvents|PutPartnerEvents)$/,
  firehose: /^PutRecord(Batch)?$/,
  kinesis: /^(PutRecords?|GetRecords|GetShardIterator|SubscribeToShard)$/,
  lambda: /^Invoke/,
  logs: /^(PutLogEvents|GetLogEvents|FilterLogEvents|GetLogRecord|GetLogObject|StartLiveTail|GetQueryResults)$/,
  s3: /Object|Multipart|^(ListParts|HeadBucket|UploadPart|UploadPartCopy|CreateSession|RenameObject)/,
  sns: /^Publish(Batch)?$/,
  sqs: /^((Send|Delete)Message(Batch)?|ReceiveMessage|ChangeMessageVisibility(Batch)?)$/,
  sts: /^$/,
  xray: /^PutT/,
};

/** S3 operations with `Object` in their name that configure a bucket. */
const S3_BUCKET_LEVEL = /ObjectLockConfiguration$/;

/** Whether CloudTrail records a call of this operation as a management event. */
export function isManagement(model: ServiceModel, operation: Operation): boolean {
  if (model.name === 's3' && S3_BUCKET_LEVEL.test(operation.name)) return true;
  return !(
    DATA[model.name]?.test(operation.name) ?? /-data$|runtime$|^(apigatewaymanagementapi|rds-data)/.test(model.name)
  );
}

/** Services whose event source is not their endpoint's prefix. */
const SOURCES: Record<string, string> = {
  s3control: 's3',
  elbv2: 'elasticloadbalancing',
  dynamodbstreams: 'dynamodb',
  'lambda-core': 'lambda',
  'lambda-microvms': 'lambda',
  opensearch: 'es',
  ses: 'ses',
  sesv2: 'ses',
  resourcegroupstaggingapi: 'tagging',
};

/** The `eventSource` of a service: `monitoring.amazonaws.com` for CloudWatch, `states.amazonaws.com` for Step Functions. */
export function eventSource(model: ServiceModel): string {
  const prefix = (SOURCES[model.name] ?? model.metadata.endpointPrefix).replace(/^api\./, '');
  return `${prefix}.amazonaws.com`;
}

/** S3 operations that CloudTrail records under an older or longer name than the API's. */
const S3_NAMES: Record<string, string> = {
  DeletePublicAccessBlock: 'DeleteBucketPublicAccessBlock',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketLifecycleConfiguration: 'GetBucketLifecycle',
  PutBucketLifecycleConfiguration: 'PutBucketLifecycle',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  PutBucketAccelerateConfiguration: 'PutAccelerateConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetBucketAnalyticsConfiguration: 'GetAnalyticsConfiguration',
  PutBucketAnalyticsConfiguration: 'PutAnalyticsConfiguration',
  DeleteBucketAnalyticsConfiguration: 'DeleteAnalyticsConfiguration',
  ListBucketAnalyticsConfigurations: 'GetAnalyticsConfiguration',
  GetBucketInventoryConfiguration: 'GetInventoryConfiguration',
  PutBucketInventoryConfiguration: 'PutInventoryConfiguration',
  DeleteBucketInventoryConfiguration: 'DeleteInventoryConfiguration',
  ListBucketInventoryConfigurations: 'GetInventoryConfiguration',
  GetBucketMetricsConfiguration: 'GetMetricsConfiguration',
  PutBucketMetricsConfiguration: 'PutMetricsConfiguration',
  DeleteBucketMetricsConfiguration: 'DeleteMetricsConfiguration',
  ListBucketMetricsConfigurations: 'GetMetricsConfiguration',
};

/** S3 control operations that CloudTrail records with `Account` in their name. */
const S3_CONTROL_NAMES: Record<string, string> = {
  DeletePublicAccessBlock: 'DeleteAccountPublicAccessBlock',
  GetPublicAccessBlock: 'GetAccountPublicAccessBlock',
  PutPublicAccessBlock: 'PutAccountPublicAccessBlock',
};

/** Lambda operations whose event name ends with the second revision of their first version. */
const LAMBDA_SECOND =
  /^(AddPermission|RemovePermission|GetPolicy|GetFunction|GetFunctionConfiguration|UpdateFunctionCode|UpdateFunctionConfiguration|TagResource|UntagResource)$/;

/**
 * An operation's `eventName` as CloudTrail spells it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
 * https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
 */
export function eventName(model: ServiceModel, operation: Operation): string {
  const { name } = operation;
  if (model.name === 's3') return S3_NAMES[name] ?? name;
  if (model.name === 's3control') return S3_CONTROL_NAMES[name] ?? name;
  if (model.name === 'cloudfront') return `${name}${model.metadata.apiVersion.replaceAll('-', '_')}`;
  if (model.name === 'lambda') {
    const version = /^\/(\d{4})-(\d{2})-(\d{2})\//.exec(operation.http.requestUri);
    // Operations that came after 2019 (function URLs, for one) are recorded without a version.
    if (!version || Number(version[1]) > 2019) return name;
    return `${name}${version.slice(1).join('')}${LAMBDA_SECOND.test(name) ? 'v2' : ''}`;
  }
  return name;
}

/** Services without regions: their calls are recorded in us-east-1. */
const GLOBAL = new Set([
  'iam',
  'organizations',
  'cloudfront',
  'route53',
  'route53domains',
  'support',
  'shield',
  'account',
]);

/** Whether a service's events are global, to be delivered to trails that include global service events. */
export function isGlobal(model: ServiceModel): boolean {
  return GLOBAL.has(model.name);
}

const READS =
  /^(Get|List|Describe|Head|Lookup|BatchGet|BatchDescribe|Search|Filter|Test|Simulate|Query|Scan|Check|Validate|View|Estimate|Select|Preview|Discover|Detect)/;
const READS_BY_SERVICE: Record<string, RegExp> = {
  sts: /^(Assume|Decode|Get)/,
  kms: /^(Encrypt|Decrypt|ReEncrypt|Generate(?!Certificate)|Sign|Verify|DeriveSharedSecret)/,
  logs: /^(StartQuery|StopQuery|TestMetricFilter)$/,
  iam: /^Generate(CredentialReport|ServiceLastAccessedDetails)$/,
};

/** Whether an operation only reads, as CloudTrail's `readOnly` has it (which calls AssumeRole and Decrypt reads). */
export function isReadOnly(model: ServiceModel, operation: Operation): boolean {
  return READS.test(operation.name) || (READS_BY_SERVICE[model.name]?.test(operation.name) ?? false);
}

/** Reads whose answer is recorded all the same: the temporary credentials that STS hands out. */
export function answerIsRecorded(model: ServiceModel, operation: Operation): boolean {
  if (model.name === 's3' || model.name === 's3control') return false;
  if (model.name === 'sts') return /^(Assume|GetSessionToken|GetFederationToken)/.test(operation.name);
  return !isReadOnly(model, operation);
}
