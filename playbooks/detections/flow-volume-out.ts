import { detection } from '../detection.ts';
import { isPublic } from '../flow-logs.ts';
import { all, is } from '../matching/match.ts';
import { flowSample } from './samples.ts';

export default detection({
  title: 'A large volume went out to the internet',
  why: 'Within a quarter of an hour 10 GB went from the VPC to addresses of the internet. Whoever takes data away does it by such a connection, unless he takes it by an API.',
  severity: 'MEDIUM',
  pack: 'flows',
  source: 'flow-logs',
  when: all(isPublic('destination'), is('action', 'ACCEPT')),
  alarm: { atLeast: 10_000_000_000, withinMinutes: 15, sum: 'bytes' },
  response: 'review-traffic',
  attack: ['T1048'],
  references: [],
  falsePositives: [
    'Servers that send much: pages, videos, backups to another provider. Suppress them by `source` or `destination`, or leave the detection in mode `monitor`.',
    'Traffic to services of AWS over public addresses: a gateway endpoint for S3 and DynamoDB takes that off the internet.',
  ],
  samples: {
    matching: [
      flowSample(
        'a large transfer to the internet',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 203.0.113.80 40122 443 6 4200000 6100000000 1777604400 1777604460 ACCEPT OK',
      ),
    ],
    other: [
      flowSample(
        'a large transfer inside',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 10.0.9.80 40122 443 6 4200000 6100000000 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'a transfer that was rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 203.0.113.80 40122 443 6 1 40 1777604400 1777604460 REJECT OK',
      ),
      flowSample(
        'a large transfer from the internet',
        '2 111122223333 eni-0a1b2c3d4e5f60718 203.0.113.80 10.0.1.5 443 40122 6 4200000 6100000000 1777604400 1777604460 ACCEPT OK',
      ),
    ],
  },
});
