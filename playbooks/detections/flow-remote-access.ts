import { detection } from '../detection.ts';
import { isPublic } from '../flow-logs.ts';
import { all, is, oneOf } from '../matching/match.ts';
import { flowSample } from './samples.ts';

export default detection({
  title: 'SSH or RDP let in from the internet',
  why: 'A security group and a network ACL let an address of the internet reach SSH or RDP of a network interface. That somebody got in is not said, but nobody of the internet should get that far: such ports are found and guessed at within minutes.',
  severity: 'MEDIUM',
  pack: 'flows',
  source: 'flow-logs',
  when: all(isPublic('source'), oneOf('destport', [22, 3389]), is('protocol', 6), is('action', 'ACCEPT')),
  alarm: { atLeast: 1, withinMinutes: 5 },
  response: 'review-traffic',
  attack: ['T1133', 'T1021.004'],
  references: [
    {
      name: 'Security Hub EC2.13 and EC2.14: security groups do not let 0.0.0.0/0 or ::/0 reach port 22 or 3389',
      url: 'https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-13',
    },
  ],
  falsePositives: [
    'A bastion that is meant to be reached from the internet: suppress it by its address (`destination`) for as long as it is, with an owner.',
    'Partners behind public addresses, or networks inside that use public or shared (100.64.0.0/10) addresses: suppress them by `source`.',
  ],
  samples: {
    matching: [
      flowSample(
        'SSH from the internet',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.1.5 51422 22 6 31 6203 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'RDP from the internet',
        '2 111122223333 eni-0a1b2c3d4e5f60718 203.0.113.9 10.0.1.6 61022 3389 6 12 1840 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'SSH from the internet by IPv6',
        '2 111122223333 eni-0a1b2c3d4e5f60718 2001:db8::23 2600:1f18::5 51422 22 6 9 1203 1777604400 1777604460 ACCEPT OK',
      ),
    ],
    other: [
      flowSample(
        'SSH that was rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.1.5 51422 22 6 1 40 1777604400 1777604460 REJECT OK',
      ),
      flowSample(
        'SSH from inside',
        '2 111122223333 eni-0a1b2c3d4e5f60718 172.16.4.9 10.0.1.5 51422 22 6 31 6203 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'the answers of an SSH server',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 198.51.100.23 22 51422 6 31 9203 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'HTTPS from the internet',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.1.5 51422 443 6 31 6203 1777604400 1777604460 ACCEPT OK',
      ),
    ],
  },
});
