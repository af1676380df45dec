import { detection } from '../detection.ts';
import { all, is, oneOf } from '../matching/match.ts';
import { stratus } from '../stratus-techniques.ts';
import { call, iamUser } from './samples.ts';

const cloudtrail = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('cloudtrail.amazonaws.com', eventName, iamUser('mallory'), { requestParameters, ...rest });

export default detection({
  title: 'CloudTrail logging stopped, deleted or narrowed',
  why: 'Whoever turns off the record of what is done in an account means to do something that should not be seen. It is one of the first things that an intruder does.',
  severity: 'CRITICAL',
  // StartLogging is left out on purpose: restoring the trail must not set the alarm off again.
  when: all(
    is('eventSource', 'cloudtrail.amazonaws.com'),
    oneOf('eventName', ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors']),
  ),
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: 'restore-trail',
  attack: ['T1562.008'],
  references: [
    { name: 'CIS AWS Foundations Benchmark v3.0.0 (and v1.4.0), 4.5: CloudTrail configuration changes are monitored' },
    {
      name: 'Security Hub CloudWatch.5: metric filter and alarm for CloudTrail configuration changes',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-5',
    },
    {
      name: 'Security Hub CloudTrail.1: a multi-Region trail records management events',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/cloudtrail-controls.html#cloudtrail-1',
    },
    stratus('aws.defense-evasion.cloudtrail-stop'),
    stratus('aws.defense-evasion.cloudtrail-delete'),
    stratus('aws.defense-evasion.cloudtrail-event-selectors'),
  ],
  falsePositives: [
    'A deployment that replaces or renames the trail: let its role be a protected principal, and read what it changed.',
    'An UpdateTrail or PutEventSelectors that narrows nothing: the playbook reads the parameters and closes the incident as benign.',
  ],
  samples: {
    matching: [
      { name: 'StopLogging by name', record: cloudtrail('StopLogging', { name: 'cordon' }) },
      {
        name: 'StopLogging by ARN',
        record: cloudtrail('StopLogging', { name: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon' }),
      },
      {
        name: 'denied StopLogging, whose target stands only in the message',
        record: cloudtrail('StopLogging', null, {
          errorCode: 'AccessDenied',
          errorMessage:
            'User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: cloudtrail:StopLogging on resource: arn:aws:cloudtrail:us-east-1:111122223333:trail/cordon because no identity-based policy allows the cloudtrail:StopLogging action',
        }),
      },
      { name: 'DeleteTrail', record: cloudtrail('DeleteTrail', { name: 'cordon' }) },
      {
        name: 'UpdateTrail to one region',
        record: cloudtrail('UpdateTrail', { name: 'cordon', isMultiRegionTrail: false }),
      },
      {
        name: 'PutEventSelectors without management events',
        record: cloudtrail('PutEventSelectors', {
          trailName: 'cordon',
          eventSelectors: [{ readWriteType: 'All', includeManagementEvents: false, dataResources: [] }],
        }),
      },
      {
        name: 'PutInsightSelectors to none',
        record: cloudtrail('PutInsightSelectors', { trailName: 'cordon', insightSelectors: [] }),
      },
    ],
    other: [
      { name: 'StartLogging', record: cloudtrail('StartLogging', { name: 'cordon' }) },
      { name: 'status read', record: cloudtrail('GetTrailStatus', { name: 'cordon' }, { readOnly: true }) },
      {
        name: 'a call of that name to another service',
        record: call('appflow.amazonaws.com', 'StopLogging', iamUser('alice')),
      },
    ],
  },
});
