import { findingDetection } from '../detection.ts';
import { clusterFound, databaseFound, mining, stolenKey } from '../guardduty/samples.ts';

export default findingDetection({
  title: 'GuardDuty found something else',
  why: 'What GuardDuty finds about clusters, databases, functions and whatever it learns to look at: cordon has no action for it, and nobody may miss it.',
  severity: 'HIGH',
  about: 'others',
  attack: ['T1078.004', 'T1110'],
  references: [
    {
      name: 'GuardDuty active finding types',
      url: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html',
    },
  ],
  falsePositives: ['As many as there are types: what is known to do no harm is suppressed in GuardDuty.'],
  samples: {
    matching: [
      { name: 'a privileged container in a cluster', finding: clusterFound },
      { name: 'sign-ins to a database from an address on a threat list', finding: databaseFound },
    ],
    other: [
      { name: 'an IAM user’s key used from an address on a threat list', finding: stolenKey },
      { name: 'an instance that mines', finding: mining },
    ],
  },
});
