import { detection } from '../detection.ts';
import { all, is, isNot, missing } from '../matching/match.ts';
import { call, iamUser, root, signIn } from './samples.ts';

export default detection({
  title: 'Root user used',
  why: 'The root user can do everything and no policy in the account holds it back. After the account is set up, nobody should need it: every use is either a break-glass procedure that somebody knows of, or somebody who has taken over the account.',
  severity: 'CRITICAL',
  // What AWS does by itself in root's name carries `invokedBy` or is a service event; neither is a person.
  when: all(is('userIdentity.type', 'Root'), missing('userIdentity.invokedBy'), isNot('eventType', 'AwsServiceEvent')),
  alarm: { atLeast: 1, withinMinutes: 1 },
  // Every record has a text in eventType, so that no more is taken in fact. Whoever has got hold of root's key only reads at first.
  lanes: { event: { form: 'wider', reads: true } },
  response: 'review-root-usage',
  attack: ['T1078.004'],
  references: [
    { name: 'CIS AWS Foundations Benchmark v3.0.0 (and v1.4.0), 4.3: use of the root user is monitored' },
    { name: 'CIS AWS Foundations Benchmark v1.4.0, 1.7: no use of the root user for daily tasks' },
    {
      name: 'Security Hub CloudWatch.1: metric filter and alarm for use of the root user',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-1',
    },
  ],
  falsePositives: [
    'A break-glass procedure: compare with its protocol, and close the incident with a note.',
    'One of the few tasks that only root can do, such as closing the account or changing its support plan.',
  ],
  samples: {
    matching: [
      { name: 'root creates an access key', record: call('iam.amazonaws.com', 'CreateAccessKey', root) },
      {
        name: 'root creates a user',
        record: call('iam.amazonaws.com', 'CreateUser', root, {
          requestParameters: { userName: 'helper' },
          responseElements: { user: { userName: 'helper', arn: 'arn:aws:iam::111122223333:user/helper', path: '/' } },
        }),
      },
      {
        name: 'root attaches a policy to a role',
        record: call('iam.amazonaws.com', 'AttachRolePolicy', root, {
          requestParameters: { roleName: 'ci', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
        }),
      },
      { name: 'root signs in to the console', record: signIn(root, 'Success') },
      {
        name: 'root sign-in that failed',
        record: signIn({ type: 'Root', principalId: '111122223333', accountId: '111122223333' }, 'Failure', {
          errorMessage: 'Failed authentication',
        }),
      },
      {
        name: 'refused call by root',
        record: call('organizations.amazonaws.com', 'LeaveOrganization', root, { errorCode: 'AccessDenied' }),
      },
    ],
    other: [
      {
        name: 'root call made by an AWS service',
        record: call('ec2.amazonaws.com', 'DescribeInstances', { ...root, invokedBy: 'AWS Internal' }),
      },
      {
        name: 'service event in root’s name',
        record: call('kms.amazonaws.com', 'RotateKey', root, { eventType: 'AwsServiceEvent' }),
      },
      { name: 'the same call by an IAM user', record: call('iam.amazonaws.com', 'CreateAccessKey', iamUser('alice')) },
      {
        name: 'record without an identity',
        record: call('iam.amazonaws.com', 'CreateAccessKey', {}, { userIdentity: null }),
      },
    ],
  },
});
