import { findingDetection } from '../detection.ts';
import { accountBlockDisabled, anonymousGranted, blockDisabled, bucketRead, stolenKey } from '../guardduty/samples.ts';

export default findingDetection({
  title: 'GuardDuty found a bucket opened or robbed',
  why: 'A bucket was opened to anybody, its public access block or the account’s was switched off, or somebody who should not reads, writes or deletes what lies in it.',
  severity: 'HIGH',
  about: ['S3'],
  attack: ['T1530', 'T1485', 'T1562.001'],
  references: [
    {
      name: 'GuardDuty S3 Protection finding types',
      url: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-s3.html',
    },
  ],
  falsePositives: [
    'A bucket that is meant to be public: give it the tag cordon:public-approved, with the reason as its value.',
    'A backup or a migration that reads more than usual.',
    's3-public-exposure has told of it already, within seconds of the call: what is closed is read back, and not closed again.',
  ],
  samples: {
    matching: [
      { name: 'the public access block of a bucket switched off', finding: blockDisabled },
      { name: 'the public access block of the account switched off', finding: accountBlockDisabled },
      { name: 'anybody let into a bucket', finding: anonymousGranted },
      { name: 'a bucket read from an address on a threat list', finding: bucketRead },
    ],
    other: [{ name: 'an IAM user’s key used from an address on a threat list', finding: stolenKey }],
  },
});
