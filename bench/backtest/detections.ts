import {
  all,
  any,
  atLeast,
  exists,
  is,
  isFalse,
  isNot,
  like,
  type Match,
  missing,
  notLike,
  oneOf,
} from '../../playbooks/matching/match.ts';

const exposure = [
  ...['PutBucketAcl', 'PutBucketPolicy', 'PutBucketCors', 'PutBucketLifecycle', 'PutBucketReplication'],
  ...['DeleteBucketPolicy', 'DeleteBucketCors', 'DeleteBucketLifecycle', 'DeleteBucketReplication'],
  ...['PutBucketPublicAccessBlock', 'PutPublicAccessBlock', 'DeletePublicAccessBlock'],
];
const text = (values: readonly string[], quote: string): string =>
  values.map((value) => `${quote}${value}${quote}`).join(',');

/** A detection that every contender can be asked for, in each one's own language. */
export interface Contest {
  id: string;
  match: Match;
  /** Over a record. */
  jq: string;
  /** Over typed columns of a record `r`; both engines take the same. */
  sql: string;
}

/** The four detections that are raced: three by event name, and root, which has none. */
export const contest: readonly Contest[] = [
  {
    id: 'root',
    match: all(
      is('userIdentity.type', 'Root'),
      missing('userIdentity.invokedBy'),
      isNot('eventType', 'AwsServiceEvent'),
    ),
    jq: '.userIdentity.type=="Root" and (.userIdentity|has("invokedBy")|not) and .eventType!="AwsServiceEvent"',
    sql: `userIdentity.type = 'Root' AND userIdentity.invokedBy IS NULL AND eventType <> 'AwsServiceEvent'`,
  },
  {
    id: 'exposure',
    match: all(is('eventSource', 's3.amazonaws.com'), oneOf('eventName', exposure)),
    jq: `.eventSource=="s3.amazonaws.com" and (.eventName|IN(${text(exposure, '"')}))`,
    sql: `eventSource = 's3.amazonaws.com' AND eventName IN (${text(exposure, "'")})`,
  },
  {
    id: 'sign-ins',
    match: all(is('eventName', 'ConsoleLogin'), is('errorMessage', 'Failed authentication')),
    jq: '.eventName=="ConsoleLogin" and .errorMessage=="Failed authentication"',
    sql: `eventName = 'ConsoleLogin' AND errorMessage = 'Failed authentication'`,
  },
  {
    id: 'trail',
    match: all(is('eventSource', 'cloudtrail.amazonaws.com'), oneOf('eventName', ['StopLogging', 'DeleteTrail'])),
    jq: '.eventSource=="cloudtrail.amazonaws.com" and (.eventName=="StopLogging" or .eventName=="DeleteTrail")',
    sql: `eventSource = 'cloudtrail.amazonaws.com' AND eventName IN ('StopLogging', 'DeleteTrail')`,
  },
];

const calls = (source: string, ...names: string[]): Match =>
  all(is('eventSource', `${source}.amazonaws.com`), oneOf('eventName', names));

/** Further ones, of the kinds that benchmarks for AWS accounts ask for: with them there are thirty. */
const further: readonly Match[] = [
  all(
    is('eventName', 'ConsoleLogin'),
    isNot('additionalEventData.MFAUsed', 'Yes'),
    is('responseElements.ConsoleLogin', 'Success'),
  ),
  calls(
    'iam',
    'PutUserPolicy',
    'PutRolePolicy',
    'PutGroupPolicy',
    'AttachUserPolicy',
    'AttachGroupPolicy',
    'DetachRolePolicy',
  ),
  calls('iam', 'CreateUser', 'CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile'),
  calls('iam', 'DeactivateMFADevice', 'DeleteVirtualMFADevice'),
  calls('kms', 'DisableKey', 'ScheduleKeyDeletion'),
  calls(
    'config',
    'StopConfigurationRecorder',
    'DeleteDeliveryChannel',
    'PutDeliveryChannel',
    'PutConfigurationRecorder',
  ),
  calls(
    'ec2',
    'AuthorizeSecurityGroupEgress',
    'RevokeSecurityGroupIngress',
    'RevokeSecurityGroupEgress',
    'DeleteSecurityGroup',
  ),
  calls('ec2', 'CreateNetworkAcl', 'CreateNetworkAclEntry', 'DeleteNetworkAcl', 'ReplaceNetworkAclEntry'),
  calls('ec2', 'CreateCustomerGateway', 'AttachInternetGateway', 'DeleteInternetGateway'),
  calls('ec2', 'CreateRoute', 'CreateRouteTable', 'ReplaceRoute', 'DeleteRoute', 'DisassociateRouteTable'),
  calls('ec2', 'CreateVpc', 'DeleteVpc', 'AcceptVpcPeeringConnection', 'CreateVpcPeeringConnection'),
  calls('organizations', 'LeaveOrganization', 'DisablePolicyType', 'DetachPolicy', 'RemoveAccountFromOrganization'),
  calls('guardduty', 'DeleteDetector', 'DisassociateFromMasterAccount', 'StopMonitoringMembers'),
  calls('securityhub', 'DisableSecurityHub', 'BatchDisableStandards'),
  calls('logs', 'DeleteLogGroup', 'DeleteMetricFilter', 'DeleteRetentionPolicy'),
  calls('cloudtrail', 'PutEventSelectors', 'UpdateTrail', 'PutInsightSelectors'),
  calls('ec2', 'ModifySnapshotAttribute', 'ModifyImageAttribute', 'SharedSnapshotCopyInitiated'),
  calls('rds', 'ModifyDBSnapshotAttribute', 'DeleteDBCluster', 'DeleteDBInstance'),
  calls('lambda', 'AddPermission20150331v2', 'CreateFunctionUrlConfig'),
  calls('sts', 'GetFederationToken', 'GetSessionToken'),
  all(
    is('eventSource', 's3.amazonaws.com'),
    is('eventName', 'PutBucketPublicAccessBlock'),
    isFalse('requestParameters.PublicAccessBlockConfiguration.BlockPublicAcls'),
  ),
  like('userAgent', '*kali*'),
  all(is('userIdentity.type', 'FederatedUser'), exists('userIdentity.arn')),
  all(is('eventName', 'RunInstances'), atLeast('requestParameters.instancesSet.items[0].maxCount', 50)),
  all(
    like('eventName', 'Delete*'),
    notLike('userIdentity.arn', '*AWSServiceRole*'),
    is('sourceIPAddress', '198.51.100.7'),
  ),
];

/** Calls that were refused: two records in a hundred. */
const refused = any(like('errorCode', '*UnauthorizedOperation'), like('errorCode', 'AccessDenied*'));
/** Calls with a key that does not exist: hardly any. */
const unknownKey = any(like('errorCode', '*InvalidClientTokenId'), like('errorCode', 'UnrecognizedClient*'));

/** The contest's matches. */
export const four: readonly Match[] = contest.map(({ match }) => match);
/** Thirty: the contest's four first. */
export const thirty: readonly Match[] = [...four, refused, ...further];
/** Thirty that hold of few records. */
export const thirtyRare: readonly Match[] = [...four, unknownKey, ...further];
