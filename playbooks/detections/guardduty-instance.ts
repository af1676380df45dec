import { findingDetection } from '../detection.ts';
import { bruteForced, clusterFound, commanded, malwareRan, mining, stolenRole } from '../guardduty/samples.ts';

export default findingDetection({
  title: 'GuardDuty found an instance attacked or taken over',
  why: 'An EC2 instance mines, talks to whoever commands it, attacks others or runs what it never ran; or somebody is at its doors.',
  severity: 'HIGH',
  about: ['EC2', 'Runtime'],
  attack: ['T1496', 'T1071', 'T1110'],
  references: [
    {
      name: 'GuardDuty EC2 finding types',
      url: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-ec2.html',
    },
    {
      name: 'GuardDuty Runtime Monitoring finding types',
      url: 'https://docs.aws.amazon.com/guardduty/latest/ug/findings-runtime-monitoring.html',
    },
  ],
  falsePositives: [
    'An instance whose doors are open on purpose, such as a bastion or a honeypot, is tried by the whole internet: suppress the finding type for it in GuardDuty.',
    'A scanner of your own.',
  ],
  samples: {
    matching: [
      { name: 'an instance that mines', finding: mining },
      { name: 'an instance that talks to a command and control server', finding: commanded },
      { name: 'passwords tried on an instance', finding: bruteForced },
      { name: 'a new binary that ran on an instance', finding: malwareRan },
    ],
    other: [
      {
        name: 'the credentials of an instance’s role used outside AWS: the detection of credentials has it',
        finding: stolenRole,
      },
      { name: 'a privileged container in a cluster', finding: clusterFound },
    ],
  },
});
