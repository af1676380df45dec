import { detection } from '../detection.ts';
import { isPrivate } from '../flow-logs.ts';
import { all, is, oneOf } from '../matching/match.ts';
import { flowSample } from './samples.ts';

export default detection({
  title: 'Many connections from inside were rejected',
  why: 'An address inside tries what it is not let to: many connections were rejected within minutes. Programs know where they connect to; who does not is somebody who looks around from an instance that he has taken.',
  severity: 'HIGH',
  pack: 'flows',
  source: 'flow-logs',
  when: all(isPrivate('source'), oneOf('protocol', [6, 17]), is('action', 'REJECT')),
  alarm: { atLeast: 100, withinMinutes: 5 },
  response: 'review-traffic',
  attack: ['T1046'],
  references: [],
  falsePositives: [
    'A vulnerability scanner of your own: suppress it by its address (`source`), with an owner.',
    'A service that was moved, and whose clients go on trying: the report names the one port that they try.',
    'Answers that come after a connection has ended are rejected too, from the ports of busy servers.',
  ],
  samples: {
    matching: [
      flowSample(
        'a TCP connection from inside, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 10.0.2.17 40122 445 6 1 40 1777604400 1777604460 REJECT OK',
      ),
      flowSample(
        'a UDP packet from inside, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 172.31.9.5 172.31.0.2 40122 161 17 1 78 1777604400 1777604460 REJECT OK',
      ),
    ],
    other: [
      flowSample(
        'a connection from the internet, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.2.17 40122 445 6 1 40 1777604400 1777604460 REJECT OK',
      ),
      flowSample(
        'a connection from inside, accepted',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 10.0.2.17 40122 443 6 8 2040 1777604400 1777604460 ACCEPT OK',
      ),
      flowSample(
        'an ICMP packet from inside, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 10.0.1.5 10.0.2.17 0 0 1 1 84 1777604400 1777604460 REJECT OK',
      ),
    ],
  },
});
