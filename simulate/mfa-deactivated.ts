import { DeactivateMFADeviceCommand, IAMClient } from '@aws-sdk/client-iam';
import { as, seemsFrom } from './attack.ts';
import { refusedCall } from './refused-call.ts';
import { partitionOf } from './scene.ts';

const SOURCE = '198.51.100.63';

/** An IAM user tries to take an MFA device away. A device for it would need somebody who enters its codes. */
export default refusedCall({
  detection: 'mfa-deactivated',
  title: 'An IAM user tries to take an MFA device away from a user, and is refused',
  severity: 'HIGH',
  words: () => 'DeactivateMFADevice',
  plan: 'that user tries once to deactivate an MFA device of a user who does not exist, and is refused',
  call: (scene, key, thing) =>
    seemsFrom(scene, SOURCE, new IAMClient(as(scene, key))).send(
      new DeactivateMFADeviceCommand({
        UserName: thing,
        SerialNumber: `${partitionOf(scene)}:iam::${scene.account}:mfa/${thing}`,
      }),
    ),
  leavesOut: {
    what: 'That a device is taken away is left out: somebody would have to enter its codes first',
    commands: [
      'aws iam create-virtual-mfa-device --virtual-mfa-device-name phone --bootstrap-method Base32StringSeed --outfile /dev/null',
      'aws iam delete-virtual-mfa-device --serial-number "arn:aws:iam::$(aws sts get-caller-identity --query Account --output text):mfa/phone"',
    ],
  },
});
