import { findingDetection } from '../detection.ts';
import { bruteForced, bucketRead, rootUsed, stolenKey, stolenRole } from '../guardduty/samples.ts';
import { stratus } from '../stratus-techniques.ts';

export default findingDetection({
  title: 'GuardDuty found credentials misused',
  why: 'Somebody uses the keys of a user, of a role’s sessions or of root from where or for what they are never used: from an address on a threat list, outside of the instance they were given to, after a pattern that anomaly detection does not know.',
  severity: 'HIGH',
  about: ['IAMUser', 'IAM'],
  attack: ['T1078.004', 'T1552.005'],
  references: [
    {
      name: 'GuardDuty IAM finding types',
      url: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html',
    },
    stratus('aws.credential-access.ec2-steal-instance-credentials'),
  ],
  falsePositives: [
    'A penetration test, or a scanner of your own, from an address on a threat list: add a trusted IP list in GuardDuty, or a suppression.',
    'Somebody on a journey, or behind a new exit of a VPN.',
    'Instances whose traffic leaves by way of your own network, for the findings on exfiltrated instance credentials.',
  ],
  samples: {
    matching: [
      { name: 'an IAM user’s key used from an address on a threat list', finding: stolenKey },
      { name: 'the credentials of an instance’s role used outside AWS', finding: stolenRole },
      { name: 'root’s credentials used', finding: rootUsed },
    ],
    other: [
      { name: 'a bucket read with a user’s key: the detection of buckets has it', finding: bucketRead },
      { name: 'passwords tried on an instance', finding: bruteForced },
    ],
  },
});
