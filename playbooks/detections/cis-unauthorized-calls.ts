import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

export default audited({
  control: 2,
  section: '4.1',
  monitors: 'unauthorized API calls',
  title: 'API calls refused',
  why: 'Somebody tries what they may not: a stolen credential finding out what it is good for, or a program whose rights are too small.',
  severity: 'LOW',
  published: ['{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}'],
  attack: ['T1580'],
  references: [],
  falsePositives: [
    'A program or deployment whose rights are too small: it is refused again and again, always the same call. Suppress it with an owner and a date, and mend its policy.',
    'The console asks for more than its user may see, at every page.',
  ],
  samples: {
    matching: [
      {
        name: 'refused call',
        record: call('s3.amazonaws.com', 'ListBuckets', iamUser('alice'), {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
      {
        name: 'refused with the longer code',
        record: call('sts.amazonaws.com', 'AssumeRole', iamUser('alice'), { errorCode: 'AccessDeniedException' }),
      },
      {
        name: 'refused call of EC2, which has a code of its own',
        record: call('ec2.amazonaws.com', 'RunInstances', iamUser('alice'), {
          errorCode: 'Client.UnauthorizedOperation',
          errorMessage: 'You are not authorized to perform this operation.',
        }),
      },
    ],
    other: [
      {
        name: 'call that failed for another reason',
        record: call('s3.amazonaws.com', 'GetBucketPolicy', iamUser('alice'), { errorCode: 'NoSuchBucketPolicy' }),
      },
      {
        name: 'call that succeeded',
        record: call('s3.amazonaws.com', 'ListBuckets', iamUser('alice'), { readOnly: true }),
      },
    ],
  },
});
