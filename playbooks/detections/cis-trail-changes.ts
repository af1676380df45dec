import { audited } from '../cis.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('cloudtrail.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 5,
  section: '4.5',
  monitors: 'CloudTrail configuration changes',
  title: 'CloudTrail configuration changed (CIS)',
  why: 'Whoever changes what is recorded decides what will be known. The detection trail-tampering restores the trail; this one adds what harms nothing: trails made and started.',
  severity: 'LOW',
  published: [
    '{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || ($.eventName=StartLogging) || ($.eventName=StopLogging)}',
  ],
  attack: ['T1562.008'],
  references: [stratus('aws.defense-evasion.cloudtrail-stop'), stratus('aws.defense-evasion.cloudtrail-delete')],
  falsePositives: ['A deployment that makes or changes a trail.', 'StartLogging by whoever puts a trail back.'],
  samples: {
    matching: [
      { name: 'trail stopped', record: made('StopLogging', { name: 'cordon' }) },
      { name: 'trail made', record: made('CreateTrail', { name: 'second', s3BucketName: 'second-trail' }) },
      { name: 'trail started', record: made('StartLogging', { name: 'cordon' }) },
      {
        name: 'refused deletion',
        record: made('DeleteTrail', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
    ],
    other: [
      {
        name: 'event selectors changed, which this pattern does not look at',
        record: made('PutEventSelectors', { trailName: 'cordon' }),
      },
      { name: 'status read', record: made('GetTrailStatus', { name: 'cordon' }, { readOnly: true }) },
    ],
  },
});
