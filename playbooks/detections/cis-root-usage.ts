import { audited } from '../cis.ts';
import { call, iamUser, root, signIn } from './samples.ts';

export default audited({
  control: 1,
  section: '4.3',
  monitors: 'uses of the root user',
  title: 'Root user used (CIS)',
  why: 'Nobody should need the root user from day to day: every use is a break-glass procedure that somebody knows of, or somebody who has taken the account over. The detection root-usage tells of the same records, so this one leaves them to it.',
  severity: 'LOW',
  published: ['{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}'],
  attack: ['T1078.004'],
  references: [],
  falsePositives: ['A break-glass procedure, or one of the few tasks that only root can do.'],
  samples: {
    matching: [
      { name: 'root signs in to the console', record: signIn(root, 'Success') },
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
      { name: 'call by an IAM user', record: call('iam.amazonaws.com', 'CreateUser', iamUser('alice')) },
    ],
  },
});
