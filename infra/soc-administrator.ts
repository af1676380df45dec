/** One statement of a policy document, with the elements that these policies use. */
export interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** An IAM policy document. */
export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: Statement[];
}

/** Name of the IAM user that deploys and operates the product. */
export const SOC_ADMINISTRATOR = 'soc-admin';

/**
 * Names of the managed policies that an account is set up with. `roleBoundary` is the boundary that every role of the
 * stacks must carry: the SOC administrator cannot make one without it.
 */
export const SOC_POLICIES = {
  deploy: 'cordon-soc-deploy',
  operate: 'cordon-soc-operate',
  boundary: 'cordon-soc-boundary',
  roleBoundary: 'cordon-role-boundary',
} as const;

/** ARN of one of {@link SOC_POLICIES} in an account (12 digits). */
export function socPolicyArn(account: string, policy: keyof typeof SOC_POLICIES): string {
  return `arn:aws:iam::${account}:policy/${SOC_POLICIES[policy]}`;
}

const PREFIX = 'cordon*';
const document = (...statements: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement: statements });
const allow = (Sid: string, Action: string[], Resource: string[], Condition?: Statement['Condition']): Statement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const deny = (Sid: string, Action: string[], on: Pick<Statement, 'Resource' | 'NotResource'>): Statement => ({
  Sid,
  Effect: 'Deny',
  Action,
  ...on,
});
/** Denied to every role of the stacks but those of some units; on everything unless told. */
const denyAllBut = (
  account: string,
  sid: string,
  actions: string[],
  units: string[],
  Resource: string[] = ['*'],
): Statement => ({
  ...deny(sid, actions, { Resource }),
  Condition: { ArnNotLike: { 'aws:PrincipalArn': unitRoles(account, units) } },
});
const unitRoles = (account: string, units: string[]): string[] =>
  units.map((unit) => `arn:aws:iam::${account}:role/${PREFIX}-${unit}`);
/** The units that put cordon's own roles back as they were deployed. */
const OWN_ROLE_RESTORERS = ['contain-restore-own-role', 'undo-restore-own-role'];
/** The units that put a trail's delivery role back. */
const ROLE_RESTORERS = ['contain-restore-delivery-role', 'undo-restore-delivery-role'];
const arnsOf =
  (account: string) =>
  (service: string, ...resources: string[]): string[] =>
    resources.map((resource) => `arn:aws:${service}:*:${account}:${resource}`);

/**
 * What deploying the stacks `cordon` and `cordon-...` with CloudFormation, under the deployer's own credentials, takes: everything it
 * makes has a name that begins with `cordon` and can be made nowhere else. A role can be made, and its policies changed, only while it
 * carries the role boundary, so that no role made here can do more than {@link roleBoundary} lets it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
 */
export function deployPolicy(account: string): PolicyDocument {
  const arns = arnsOf(account);
  const roles = [`arn:aws:iam::${account}:role/${PREFIX}`, `arn:aws:iam::${account}:role/cdk-*`];
  const buckets = ['arn:aws:s3:::cordon*', `arn:aws:s3:::cdk-*-${account}-*`];
  return document(
    allow(
      'Stacks',
      [
        'cloudformation:*ChangeSet',
        'cloudformation:*Stack',
        'cloudformation:DescribeStack*',
        'cloudformation:GetTemplate*',
      ].concat([
        'cloudformation:ListStackResources',
        'cloudformation:ContinueUpdateRollback',
        'cloudformation:*TagResource',
      ]),
      arns('cloudformation', `stack/${PREFIX}/*`, 'stack/CDKToolkit/*'),
    ),
    allow(
      'StacksOfTheAccount',
      ['cloudformation:DescribeStacks', 'cloudformation:ListStacks', 'cloudformation:ValidateTemplate'].concat([
        'cloudformation:GetTemplateSummary',
        'sts:GetCallerIdentity',
      ]),
      ['*'],
    ),
    allow(
      'Buckets',
      ['s3:CreateBucket', 's3:DeleteBucket', 's3:DeleteBucketPolicy', 's3:Get*', 's3:List*', 's3:PutBucket*'].concat([
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
      ]),
      buckets,
    ),
    allow('AssetFiles', ['s3:GetObject', 's3:PutObject'], [`arn:aws:s3:::cdk-*-${account}-*/*`]),
    allow(
      'Toolkit',
      ['ssm:*Parameter', 'ssm:GetParameters', 'ssm:*Resource'],
      arns('ssm', 'parameter/cdk-bootstrap/*', 'parameter/cordon/*'),
    ),
    allow(
      'ToolkitRepository',
      ['ecr:*Repository', 'ecr:*RepositoryPolicy', 'ecr:*LifecyclePolicy', 'ecr:DescribeRepositories', 'ecr:*Resource'],
      arns('ecr', 'repository/cdk-*'),
    ),
    allow(
      'BoundedRoles',
      ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      roles,
      { StringEquals: { 'iam:PermissionsBoundary': socPolicyArn(account, 'roleBoundary') } },
    ),
    allow(
      'Roles',
      [
        'iam:DeleteRole',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
        'iam:UpdateAssumeRolePolicy',
      ],
      roles,
    ),
    allow(
      'PoliciesForAnalysts',
      ['iam:CreatePolicy', 'iam:DeletePolicy', 'iam:CreatePolicyVersion', 'iam:DeletePolicyVersion'].concat([
        'iam:TagPolicy',
        'iam:UntagPolicy',
      ]),
      [`arn:aws:iam::${account}:policy/cordon-reader`, `arn:aws:iam::${account}:policy/cordon-approver`],
    ),
    allow('RolesForServices', ['iam:PassRole'], roles.slice(0, 1), {
      StringEquals: {
        'iam:PassedToService': ['lambda', 'states', 'events', 'scheduler', 'cloudtrail', 'apigateway'].map(
          (service) => `${service}.amazonaws.com`,
        ),
      },
    }),
    allow('Functions', ['lambda:*'], arns('lambda', `function:${PREFIX}`)),
    allow('Playbooks', ['states:*'], arns('states', `stateMachine:${PREFIX}`, `execution:${PREFIX}`)),
    allow(
      'LogGroups',
      ['logs:*LogGroup', 'logs:*RetentionPolicy', 'logs:*MetricFilter', 'logs:*SubscriptionFilter', 'logs:*Resource'],
      arns(
        'logs',
        ...['cordon*', '/cordon*', '/aws/lambda/cordon*', '/aws/vendedlogs/states/cordon*'].map(
          (name) => `log-group:${name}`,
        ),
      ),
    ),
    allow(
      'LogDelivery',
      [
        'logs:*LogDelivery',
        'logs:ListLogDeliveries',
        'logs:*ResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:*QueryDefinition*',
      ],
      ['*'],
    ),
    allow('Messages', ['sns:*', 'sqs:*'], [...arns('sns', PREFIX), ...arns('sqs', PREFIX)]),
    allow(
      'Rules',
      ['events:*', 'scheduler:*'],
      [
        ...arns('events', `rule/${PREFIX}`, `rule/*/${PREFIX}`, `event-bus/${PREFIX}`, `archive/${PREFIX}`),
        ...arns('events', `connection/${PREFIX}`, `api-destination/${PREFIX}`),
        ...arns('scheduler', `schedule/*/${PREFIX}`, `schedule-group/${PREFIX}`),
      ],
    ),
    // What messages are sent with: CloudFormation reads it for whoever deploys, and EventBridge keeps a copy of its own.
    allow('MessageSecrets', ['secretsmanager:GetSecretValue'], arns('secretsmanager', `secret:${PREFIX}`)),
    allow(
      'ConnectionSecrets',
      ['secretsmanager:*Secret', 'secretsmanager:*SecretValue'],
      arns('secretsmanager', `secret:events!connection/${PREFIX}`),
    ),
    allow(
      'ConnectionRole',
      ['iam:CreateServiceLinkedRole'],
      [`arn:aws:iam::${account}:role/aws-service-role/apidestinations.events.amazonaws.com/*`],
    ),
    allow(
      'Alarms',
      ['cloudwatch:*'],
      [...arns('cloudwatch', `alarm:${PREFIX}`), `arn:aws:cloudwatch::${account}:dashboard/${PREFIX}`],
    ),
    allow(
      'Archive',
      ['glue:*Database', 'glue:*Table', 'glue:GetTables', 'athena:*NamedQuery'],
      [...arns('glue', 'catalog', 'database/cordon*', 'table/cordon*'), ...arns('athena', 'workgroup/primary')],
    ),
    allow(
      'Ledger',
      [
        'dynamodb:*Table',
        'dynamodb:*TimeToLive',
        'dynamodb:*ContinuousBackups',
        'dynamodb:*Resource',
        'dynamodb:ListTagsOfResource',
        'dynamodb:DescribeContributorInsights',
        'dynamodb:DescribeKinesisStreamingDestination',
      ],
      arns('dynamodb', `table/${PREFIX}`),
    ),
    allow(
      'Trail',
      [
        'cloudtrail:CreateTrail',
        'cloudtrail:UpdateTrail',
        'cloudtrail:StartLogging',
        'cloudtrail:Put*Selectors',
        'cloudtrail:*Tags',
        'cloudtrail:Get*',
      ],
      arns('cloudtrail', `trail/${PREFIX}`),
    ),
    allow('Keys', ['kms:CreateKey', 'kms:ListAliases'], ['*']),
    allow(
      'KeyAliases',
      ['kms:CreateAlias', 'kms:UpdateAlias', 'kms:DeleteAlias'],
      arns('kms', `alias/${PREFIX}`, 'key/*'),
    ),
  );
}

/** What investigating and answering incidents takes: reading everything that bears on one, and changing nothing but the product. */
export function operatePolicy(account: string): PolicyDocument {
  const arns = arnsOf(account);
  return document(
    allow(
      'ReadTheAccount',
      [
        'iam:Get*',
        'iam:List*',
        'iam:GenerateCredentialReport',
        'iam:SimulatePrincipalPolicy',
        'cloudtrail:DescribeTrails',
      ].concat([
        'cloudtrail:Get*',
        'cloudtrail:List*',
        'cloudtrail:LookupEvents',
        'cloudwatch:Describe*',
        'cloudwatch:Get*',
        'cloudwatch:List*',
        'events:Describe*',
        'events:List*',
        'events:TestEventPattern',
        'logs:Describe*',
        'logs:List*',
        'logs:GetQueryResults',
        'logs:StopQuery',
        'logs:TestMetricFilter',
        'lambda:Get*',
        'lambda:List*',
        'states:List*',
        'states:ValidateStateMachineDefinition',
        'sns:List*',
        'sqs:ListQueues',
        'dynamodb:ListTables',
        'kms:Describe*',
        'kms:List*',
        'kms:GetKeyPolicy',
        'kms:GetKeyRotationStatus',
        's3:GetAccountPublicAccessBlock',
        's3:GetBucket*',
        's3:GetEncryptionConfiguration',
        's3:GetLifecycleConfiguration',
        's3:ListAllMyBuckets',
        's3:ListAccessPoints',
        'ec2:Describe*',
        'organizations:Describe*',
        'tag:GetResources',
      ]),
      ['*'],
    ),
    // Deploying flow logs, which the policy above has no room for.
    allow('FlowLogs', ['ec2:*FlowLogs', 'ec2:CreateTags'], arns('ec2', 'vpc-flow-log/*', 'vpc/*')),
    allow('FlowLogDelivery', ['iam:PassRole'], [`arn:aws:iam::${account}:role/${PREFIX}`], {
      StringEquals: { 'iam:PassedToService': 'vpc-flow-logs.amazonaws.com' },
    }),
    allow(
      'ReadTheLogs',
      ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:GetLogRecord', 'logs:StartQuery', 'logs:StartLiveTail'],
      arns('logs', 'log-group:*'),
    ),
    allow(
      'ReadTheLedger',
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan', 'dynamodb:DescribeTable'],
      arns('dynamodb', `table/${PREFIX}`, `table/${PREFIX}/index/*`),
    ),
    allow(
      'ReadTheEvidence',
      ['s3:GetObject', 's3:GetObjectVersion', 's3:ListBucket', 's3:ListBucketVersions'],
      ['arn:aws:s3:::cordon*'],
    ),
    allow(
      'RunPlaybooks',
      [
        'states:StartExecution',
        'states:StopExecution',
        'states:RedriveExecution',
        'states:Describe*',
        'states:GetExecutionHistory',
      ],
      arns('states', `stateMachine:${PREFIX}`, `execution:${PREFIX}:*`),
    ),
    allow('AskFunctions', ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'], arns('lambda', `function:${PREFIX}`)),
    allow('AnswerApprovals', ['execute-api:Invoke'], [`arn:aws:execute-api:*:${account}:*`]),
  );
}

/** What neither the SOC administrator nor a role of the stacks may ever do. */
function neverByAnyone(account: string): Statement[] {
  const everything = { Resource: ['*'] };
  return [
    deny(
      'LeaveTheOrganization',
      [
        'organizations:LeaveOrganization',
        'account:CloseAccount',
        'account:Delete*',
        'account:Put*',
        'iam:DeactivateMFADevice',
      ],
      everything,
    ),
    deny(
      'DestroyEvidence',
      [
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:BypassGovernanceRetention',
        's3:PutObjectRetention',
        's3:PutObjectLegalHold',
      ],
      {
        Resource: ['arn:aws:s3:::cordon*/*'],
      },
    ),
    deny('DestroyTheLedger', ['dynamodb:DeleteTable', 'dynamodb:DeleteItem'], {
      Resource: arnsOf(account)('dynamodb', `table/${PREFIX}`),
    }),
    deny('DestroyTheLogs', ['logs:DeleteLogStream'], everything),
    deny(
      'LiftTheBoundaries',
      [
        'iam:DeleteUserPermissionsBoundary',
        'iam:PutUserPermissionsBoundary',
        'iam:DeleteRolePermissionsBoundary',
        'iam:PutRolePermissionsBoundary',
      ],
      everything,
    ),
    deny(
      'ChangeThePolicies',
      ['iam:CreatePolicyVersion', 'iam:DeletePolicy', 'iam:DeletePolicyVersion', 'iam:SetDefaultPolicyVersion'],
      {
        Resource: Object.keys(SOC_POLICIES).map((policy) => socPolicyArn(account, policy as keyof typeof SOC_POLICIES)),
      },
    ),
  ];
}

const NEW_CREDENTIALS = [
  'iam:CreateLoginProfile',
  'iam:UpdateLoginProfile',
  'iam:CreateAccessKey',
  'iam:CreateServiceSpecificCredential',
  'iam:UploadSSHPublicKey',
  'iam:UploadSigningCertificate',
];

/**
 * The SOC administrator's permissions boundary: whatever policies it comes to have, it cannot make users or credentials
 * for others, give itself or others rights, lift a boundary, end the trail or delete evidence. Its own access keys it
 * can replace.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function socBoundary(account: string): PolicyDocument {
  const itself = `arn:aws:iam::${account}:user/${SOC_ADMINISTRATOR}`;
  return document(
    allow('WithinItsPolicies', ['*'], ['*']),
    ...neverByAnyone(account),
    // Only the roles that undo a restart, a trail made again or a key enabled again may do that, and their calls are in the ledger.
    deny(
      'BlindTheAccount',
      ['cloudtrail:StopLogging', 'cloudtrail:DeleteTrail', 'kms:ScheduleKeyDeletion', 'kms:DisableKey'],
      { Resource: ['*'] },
    ),
    deny('CredentialsOfOthers', [...NEW_CREDENTIALS, 'iam:UpdateAccessKey', 'iam:DeleteAccessKey'], {
      NotResource: [itself],
    }),
    deny(
      'UsersAndTheirRights',
      [
        'iam:CreateUser',
        'iam:DeleteUser',
        'iam:UpdateUser',
        'iam:PutUserPolicy',
        'iam:DeleteUserPolicy',
        'iam:AttachUserPolicy',
        'iam:DetachUserPolicy',
        'iam:*Group',
        'iam:*GroupPolicy',
      ],
      { Resource: ['*'] },
    ),
  );
}

/**
 * The boundary of every role of the stacks. It leaves a playbook what containment takes (deactivating keys, inline
 * policies that deny), and no way to new users, new credentials, new roles or the deletion of evidence.
 */
export function roleBoundary(account: string): PolicyDocument {
  return document(
    allow('WithinItsPolicies', ['*'], ['*']),
    ...neverByAnyone(account),
    deny(
      'NewPrincipals',
      [
        'iam:CreateUser',
        'iam:CreateRole',
        'iam:AddUserToGroup',
        'iam:CreatePolicy',
        ...NEW_CREDENTIALS.filter((one) => one !== 'iam:UpdateLoginProfile'),
      ],
      {
        Resource: ['*'],
      },
    ),
    // Only what was taken away is attached again, by the role that undoes it or that puts a trail's delivery role back.
    denyAllBut(
      account,
      'GivenPolicies',
      ['iam:AttachUserPolicy', 'iam:AttachRolePolicy', 'iam:AttachGroupPolicy'],
      ['undo-take-back-policy', ...ROLE_RESTORERS, ...OWN_ROLE_RESTORERS],
    ),
    denyAllBut(
      account,
      'Trust',
      ['iam:UpdateAssumeRolePolicy'],
      ['contain-close-role-trust', 'undo-close-role-trust', ...ROLE_RESTORERS, ...OWN_ROLE_RESTORERS],
    ),
    // Requiring a new password and taking that back is the same call as setting one.
    denyAllBut(
      account,
      'Passwords',
      ['iam:UpdateLoginProfile'],
      ['contain-require-new-password', 'undo-require-new-password'],
    ),
    // No role here changes a role here but those that put one back, and these change no other.
    denyAllBut(
      account,
      'OwnRights',
      ['iam:*RolePolicy'],
      [...ROLE_RESTORERS, ...OWN_ROLE_RESTORERS],
      [`arn:aws:iam::${account}:role/${PREFIX}`],
    ),
    {
      ...deny('RightsOfOthers', ['iam:*RolePolicy'], { NotResource: [`arn:aws:iam::${account}:role/${PREFIX}`] }),
      Condition: { ArnLike: { 'aws:PrincipalArn': unitRoles(account, OWN_ROLE_RESTORERS) } },
    },
    {
      ...deny('OtherRights', ['iam:*RolePolicy'], { NotResource: [`arn:aws:iam::${account}:role/${PREFIX}-trail-*`] }),
      Condition: { ArnLike: { 'aws:PrincipalArn': unitRoles(account, ROLE_RESTORERS) } },
    },
    // A key is only enabled again, and only the undo of that takes it away again.
    denyAllBut(account, 'KeysBack', ['kms:EnableKey', 'kms:CancelKeyDeletion'], ['contain-enable-key']),
    denyAllBut(account, 'KeysAway', ['kms:DisableKey', 'kms:ScheduleKeyDeletion'], ['undo-enable-key']),
    // Only the roles that isolate an instance, or let it go again, touch its network.
    denyAllBut(
      account,
      'Networks',
      ['ec2:ModifyNetworkInterfaceAttribute', 'ec2:CreateSecurityGroup', 'ec2:Revoke*', 'ec2:CreateSnapshots'],
      ['contain-isolate-instance', 'undo-isolate-instance'],
    ),
    deny('KeyRights', ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:CreateKey'], { Resource: ['*'] }),
  );
}
