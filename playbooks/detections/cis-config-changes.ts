import { audited } from '../cis.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call('config.amazonaws.com', eventName, iamUser('alice'), { requestParameters, ...rest });

export default audited({
  control: 9,
  section: '4.9',
  monitors: 'AWS Config configuration changes',
  title: 'AWS Config changed or stopped',
  why: 'AWS Config knows how every resource was set and when that changed. Without it, what an intruder changed is harder to find.',
  severity: 'MEDIUM',
  published: [
    '{($.eventSource=config.amazonaws.com) && (($.eventName=StopConfigurationRecorder) || ($.eventName=DeleteDeliveryChannel) || ($.eventName=PutDeliveryChannel) || ($.eventName=PutConfigurationRecorder))}',
  ],
  attack: ['T1562.001'],
  references: [],
  falsePositives: ['A deployment that sets up AWS Config, as Control Tower does.'],
  samples: {
    matching: [
      { name: 'recorder stopped', record: made('StopConfigurationRecorder', { configurationRecorderName: 'default' }) },
      { name: 'delivery channel deleted', record: made('DeleteDeliveryChannel', { deliveryChannelName: 'default' }) },
      {
        name: 'refused',
        record: made('StopConfigurationRecorder', null, {
          errorCode: 'AccessDenied',
          errorMessage: 'User: arn:aws:iam::111122223333:user/alice is not authorized to perform this action',
        }),
      },
    ],
    other: [
      {
        name: 'recorder started',
        record: made('StartConfigurationRecorder', { configurationRecorderName: 'default' }),
      },
      {
        name: 'a call of that name to another service',
        record: call('appconfig.amazonaws.com', 'PutDeliveryChannel', iamUser('alice')),
      },
    ],
  },
});
