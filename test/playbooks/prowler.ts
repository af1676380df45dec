/**
 * What Prowler looks for in the text of a metric filter, by its check, as its sources of 2026-08 have it: either a regular
 * expression, or the calls, the service and the conditions of which each must stand in the text.
 * https://github.com/prowler-cloud/prowler/tree/master/prowler/providers/aws/services/cloudwatch
 */
export const prowlerChecks: Readonly<Record<string, { check: string; wants: RegExp }>> = {
  'cis-root-usage': {
    check: 'cloudwatch_log_metric_filter_root_usage',
    wants:
      /\$\.userIdentity\.type\s*=\s*.?Root.+\$\.userIdentity\.invokedBy NOT EXISTS.+\$\.eventType\s*!=\s*.?AwsServiceEvent.?/s,
  },
  'cis-unauthorized-calls': {
    check: 'cloudwatch_log_metric_filter_unauthorized_api_calls',
    wants: /\$\.errorCode\s*=\s*.?\*UnauthorizedOperation.+\$\.errorCode\s*=\s*.?AccessDenied\*.?/s,
  },
  'cis-sign-in-without-mfa': {
    check: 'cloudwatch_log_metric_filter_sign_in_without_mfa',
    wants: built({ names: 'ConsoleLogin', clauses: [['additionalEventData.MFAUsed', '!=', 'Yes']] }),
  },
  'cis-iam-policy-changes': {
    check: 'cloudwatch_log_metric_filter_policy_changes',
    wants: built({
      names:
        'DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy',
    }),
  },
  'cis-trail-changes': {
    check: 'cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled',
    wants: built({ names: 'CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging' }),
  },
  'cis-sign-in-failures': {
    check: 'cloudwatch_log_metric_filter_authentication_failures',
    wants: built({ names: 'ConsoleLogin', clauses: [['errorMessage', '=', 'Failed authentication']] }),
  },
  'cis-key-disabled': {
    check: 'cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk',
    wants: built({ source: 'kms.amazonaws.com', names: 'DisableKey ScheduleKeyDeletion' }),
  },
  'cis-bucket-policy-changes': {
    check: 'cloudwatch_log_metric_filter_for_s3_bucket_policy_changes',
    wants: built({
      source: 's3.amazonaws.com',
      names:
        'PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication',
    }),
  },
  'cis-config-changes': {
    check: 'cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled',
    wants: built({
      source: 'config.amazonaws.com',
      names: 'StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder',
    }),
  },
  'cis-security-group-changes': {
    check: 'cloudwatch_log_metric_filter_security_group_changes',
    wants: built({
      names:
        'AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup',
    }),
  },
  'cis-network-acl-changes': {
    check: 'cloudwatch_changes_to_network_acls_alarm_configured',
    wants: built({
      names:
        'CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry ReplaceNetworkAclAssociation',
    }),
  },
  'cis-network-gateway-changes': {
    check: 'cloudwatch_changes_to_network_gateways_alarm_configured',
    wants: built({
      names:
        'CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway DetachInternetGateway',
    }),
  },
  'cis-route-table-changes': {
    check: 'cloudwatch_changes_to_network_route_tables_alarm_configured',
    wants: built({
      source: 'ec2.amazonaws.com',
      names:
        'CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable',
    }),
  },
  'cis-vpc-changes': {
    check: 'cloudwatch_changes_to_vpcs_alarm_configured',
    wants: built({
      names:
        'CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc DisableVpcClassicLink EnableVpcClassicLink',
    }),
  },
  'cis-organization-changes': {
    check: 'cloudwatch_log_metric_filter_aws_organizations_changes',
    wants: built({
      source: 'organizations.amazonaws.com',
      names:
        'AcceptHandshake AttachPolicy CancelHandshake CreateAccount CreateOrganization CreateOrganizationalUnit CreatePolicy DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy EnableAllFeatures EnablePolicyType InviteAccountToOrganization LeaveOrganization DetachPolicy DisablePolicyType MoveAccount RemoveAccountFromOrganization UpdateOrganizationalUnit UpdatePolicy',
    }),
  },
};

/** An expression that wants each of the calls, the service and the conditions somewhere in the text. */
function built({
  source,
  names,
  clauses = [],
}: {
  source?: string;
  names: string;
  clauses?: [field: string, operator: '=' | '!=', value: string][];
}): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\ ]/g, '\\$&');
  const wanted = [
    ...(source ? [`\\$\\.eventSource\\s*=\\s*.?${literal(source)}`] : []),
    ...names.split(' ').map((name) => `\\$\\.eventName\\s*=\\s*.?${name}\\b`),
    ...clauses.map(([field, operator, value]) => `\\$\\.${literal(field)}\\s*${operator}\\s*.?${literal(value)}`),
  ];
  return new RegExp(wanted.map((one) => `(?=.*${one})`).join(''), 's');
}
