/**
 * Findings for samples, tests and the local AWS, in the shape in which GuardDuty hands them to EventBridge.
 * https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html
 */

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
/** What the samples' things are called. */
export const SAMPLE_IDS = {
  detector: '12abc34d567e8fa901bc2d34e56789f0',
  finding: '1ab92989eaf0e742df4a014d5c0a3b41',
  instance: 'i-0a1b2c3d4e5f60718',
  vpc: 'vpc-0a1b2c3d4e5f60718',
  bucket: 'customer-exports',
  role: 'web-role',
  intruder: 'mallory',
  colleague: 'alice',
} as const;

/** What tells one finding from another. */
export interface FoundThing {
  type: string;
  severity: number;
  /** As GuardDuty words it. */
  title: string;
  resource: Record<string, unknown>;
  /** Its action and whatever else it says of the activity. */
  service?: Record<string, unknown>;
  /** Another than that of the samples. */
  id?: string;
  accountId?: string;
  region?: string;
  /** ISO times: when it was found, and seen last. */
  createdAt?: string;
  updatedAt?: string;
  count?: number;
}

/** A finding, with what is the same in all of them. */
export function finding({
  type,
  severity,
  title,
  resource,
  service = {},
  id = SAMPLE_IDS.finding,
  accountId = ACCOUNT,
  region = REGION,
  createdAt = '2026-05-01T03:04:00.000Z',
  updatedAt = createdAt,
  count = 1,
}: FoundThing): Record<string, unknown> {
  return {
    schemaVersion: '2.0',
    accountId,
    region,
    partition: 'aws',
    id,
    arn: `arn:aws:guardduty:${region}:${accountId}:detector/${SAMPLE_IDS.detector}/finding/${id}`,
    type,
    resource,
    service: {
      serviceName: 'guardduty',
      detectorId: SAMPLE_IDS.detector,
      resourceRole: 'TARGET',
      eventFirstSeen: createdAt,
      eventLastSeen: updatedAt,
      archived: false,
      count,
      ...service,
    },
    severity,
    title,
    description: title,
    createdAt,
    updatedAt,
  };
}

/** The key of an IAM user. */
export const userKey = (userName: string, accessKeyId = 'AKIAEXAMPLE7MALLORY7') => ({
  accessKeyDetails: { accessKeyId, principalId: 'AIDAEXAMPLE7MALLORY77', userName, userType: 'IAMUser' },
});

/** The credentials of a session of a role. */
export const roleKey = (userName: string, session: string) => ({
  accessKeyDetails: {
    accessKeyId: 'ASIAEXAMPLE7SESSION7',
    principalId: `AROAEXAMPLE7ROLE77777:${session}`,
    userName,
    userType: 'AssumedRole',
  },
});

/** The root user's credentials. */
export const rootKey = {
  accessKeyDetails: { accessKeyId: 'ASIAEXAMPLE7ROOT7777', principalId: ACCOUNT, userName: 'Root', userType: 'Root' },
};

/** A bucket, and whether strangers get in. */
export const bucket = (name: string, effectivePermission: 'PUBLIC' | 'NOT_PUBLIC' = 'NOT_PUBLIC') => ({
  s3BucketDetails: [
    {
      arn: `arn:aws:s3:::${name}`,
      name,
      type: 'Destination',
      createdAt: 1_767_225_600,
      owner: { id: 'CanonicalIdOfTheOwner' },
      tags: [],
      publicAccess: { effectivePermission },
    },
  ],
});

/** An instance in a VPC. */
export const instance = (instanceId: string) => ({
  resourceType: 'Instance',
  instanceDetails: {
    instanceId,
    instanceType: 't3.medium',
    availabilityZone: `${REGION}a`,
    iamInstanceProfile: { arn: `arn:aws:iam::${ACCOUNT}:instance-profile/web`, id: 'AIPAEXAMPLE7PROFILE77' },
    networkInterfaces: [
      {
        networkInterfaceId: 'eni-0a1b2c3d4e5f60718',
        vpcId: SAMPLE_IDS.vpc,
        subnetId: 'subnet-0a1b2c3d4e5f60718',
        securityGroups: [{ groupId: 'sg-0a1b2c3d4e5f60718', groupName: 'web' }],
        privateIpAddress: '10.0.0.10',
      },
    ],
    tags: [],
  },
});

const remoteIpDetails = (ipAddressV4: string) => ({
  ipAddressV4,
  country: { countryName: 'Exampleland' },
  organization: { asn: '64500', asnOrg: 'Example Hosting', isp: 'Example Hosting', org: 'Example Hosting' },
});

/** The activity was a call to AWS. */
export const calledApi = (api: string, serviceName: string, address = '198.51.100.23', rest: object = {}) => ({
  action: {
    actionType: 'AWS_API_CALL',
    awsApiCallAction: { api, serviceName, callerType: 'Remote IP', remoteIpDetails: remoteIpDetails(address), ...rest },
  },
});

/** The activity was a connection. */
export const connected = (connectionDirection: 'INBOUND' | 'OUTBOUND', port: number, address = '198.51.100.23') => ({
  resourceRole: connectionDirection === 'INBOUND' ? 'TARGET' : 'ACTOR',
  action: {
    actionType: 'NETWORK_CONNECTION',
    networkConnectionAction: {
      connectionDirection,
      protocol: 'TCP',
      blocked: false,
      localPortDetails: { port, portName: 'Unknown' },
      remoteIpDetails: remoteIpDetails(address),
    },
  },
});

/** A user's key was used from an address that a threat list has. */
export const stolenKey = finding({
  type: 'UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom',
  severity: 8,
  title: 'API GetCallerIdentity was invoked from an IP address on a custom threat list.',
  resource: { resourceType: 'AccessKey', ...userKey(SAMPLE_IDS.intruder) },
  service: calledApi('GetCallerIdentity', 'sts.amazonaws.com'),
});

/** The credentials of an instance's role were used outside AWS. */
export const stolenRole = finding({
  type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
  severity: 8,
  title: 'Credentials for the EC2 instance role web-role were used from an external IP address.',
  resource: {
    ...instance(SAMPLE_IDS.instance),
    resourceType: 'AccessKey',
    ...roleKey(SAMPLE_IDS.role, SAMPLE_IDS.instance),
  },
  service: calledApi('ListBuckets', 's3.amazonaws.com'),
});

/** Root's credentials were used. */
export const rootUsed = finding({
  type: 'Policy:IAMUser/RootCredentialUsage',
  severity: 2,
  title: 'API DescribeInstances was invoked using root credentials.',
  resource: { resourceType: 'AccessKey', ...rootKey },
  service: calledApi('DescribeInstances', 'ec2.amazonaws.com'),
});

/** A bucket's public access block was switched off. */
export const blockDisabled = finding({
  type: 'Policy:S3/BucketBlockPublicAccessDisabled',
  severity: 2,
  title: 'Amazon S3 Block Public Access was disabled for S3 bucket customer-exports.',
  resource: { resourceType: 'S3Bucket', ...userKey(SAMPLE_IDS.colleague), ...bucket(SAMPLE_IDS.bucket) },
  service: calledApi('PutBucketPublicAccessBlock', 's3.amazonaws.com'),
});

/** The account's public access block was switched off. */
export const accountBlockDisabled = finding({
  type: 'Policy:S3/AccountBlockPublicAccessDisabled',
  severity: 2,
  title: 'Amazon S3 Block Public Access was disabled for the account.',
  resource: { resourceType: 'AccessKey', ...userKey(SAMPLE_IDS.colleague) },
  service: calledApi('PutAccountPublicAccessBlock', 's3.amazonaws.com'),
});

/** Anybody was let into a bucket. */
export const anonymousGranted = finding({
  type: 'Policy:S3/BucketAnonymousAccessGranted',
  severity: 8,
  title: 'Amazon S3 public anonymous access was granted for the S3 bucket customer-exports.',
  resource: { resourceType: 'S3Bucket', ...userKey(SAMPLE_IDS.colleague), ...bucket(SAMPLE_IDS.bucket, 'PUBLIC') },
  service: calledApi('PutBucketPolicy', 's3.amazonaws.com'),
});

/** Somebody read a bucket from an address that a threat list has. */
export const bucketRead = finding({
  type: 'Exfiltration:S3/MaliciousIPCaller',
  severity: 8,
  title: 'S3 API GetObject was invoked from a known malicious IP address.',
  resource: { resourceType: 'S3Bucket', ...userKey(SAMPLE_IDS.intruder), ...bucket(SAMPLE_IDS.bucket) },
  service: calledApi('GetObject', 's3.amazonaws.com'),
});

/** An instance mines. */
export const mining = finding({
  type: 'CryptoCurrency:EC2/BitcoinTool.B!DNS',
  severity: 8,
  title: 'The EC2 instance i-0a1b2c3d4e5f60718 is querying a domain name that is associated with Bitcoin activity.',
  resource: instance(SAMPLE_IDS.instance),
  service: {
    resourceRole: 'ACTOR',
    action: {
      actionType: 'DNS_REQUEST',
      dnsRequestAction: { domain: 'pool.example.net', protocol: 'UDP', blocked: false },
    },
  },
});

/** An instance talks to whoever commands it. */
export const commanded = finding({
  type: 'Backdoor:EC2/C&CActivity.B',
  severity: 8,
  title: 'The EC2 instance i-0a1b2c3d4e5f60718 is communicating with a known command and control server.',
  resource: instance(SAMPLE_IDS.instance),
  service: connected('OUTBOUND', 443),
});

/** Somebody tries passwords on an instance. */
export const bruteForced = finding({
  type: 'UnauthorizedAccess:EC2/SSHBruteForce',
  severity: 2,
  title: '198.51.100.23 is performing SSH brute force attacks against i-0a1b2c3d4e5f60718.',
  resource: instance(SAMPLE_IDS.instance),
  service: connected('INBOUND', 22),
});

/** Malware ran on an instance. */
export const malwareRan = finding({
  type: 'Execution:Runtime/NewBinaryExecuted',
  severity: 5,
  title: 'A process in the EC2 instance i-0a1b2c3d4e5f60718 executed a newly created binary file.',
  resource: instance(SAMPLE_IDS.instance),
});

/** A cluster, which nothing here contains. */
export const clusterFound = finding({
  type: 'PrivilegeEscalation:Kubernetes/PrivilegedContainer',
  severity: 5,
  title: 'A privileged container was launched on your EKS cluster.',
  resource: {
    resourceType: 'EKSCluster',
    eksClusterDetails: { name: 'shop', arn: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/shop` },
  },
});

/** A database. */
export const databaseFound = finding({
  type: 'CredentialAccess:RDS/MaliciousIPCaller.FailedLogin',
  severity: 5,
  title: 'A user unsuccessfully attempted to log into a database from a known malicious IP address.',
  resource: { resourceType: 'RDSDBInstance', rdsDbInstanceDetails: { dbInstanceIdentifier: 'orders' } },
});
