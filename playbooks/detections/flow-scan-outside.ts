import { detection } from '../detection.ts';
import { isPublic } from '../flow-logs.ts';
import { all, is, oneOf } from '../matching/match.ts';
import { flowSample } from './samples.ts';

export default detection({
  title: 'Very many connections from the internet were rejected',
  why: 'Everything that has a public address is scanned all day, and what is rejected did no harm. So many at once mean that somebody looks at this VPC in particular, and may come back to what he found.',
  severity: 'LOW',
  pack: 'flows',
  source: 'flow-logs',
  when: all(isPublic('source'), oneOf('protocol', [6, 17]), is('action', 'REJECT')),
  alarm: { atLeast: 2000, withinMinutes: 5 },
  response: 'review-traffic',
  attack: ['T1046'],
  references: [
    {
      name: 'Amazon VPC User Guide: metric filter and alarm for rejected connections of a flow log',
      url: 'https://docs.aws.amazon.com/vpc/latest/userguide/process-records-cwl.html',
    },
  ],
  falsePositives: [
    'The usual scans of the internet, where many interfaces have public addresses: they need none, behind a load balancer.',
    'A penetration test: suppress it by its address (`source`) for as long as it lasts.',
  ],
  samples: {
    matching: [
      flowSample(
        'a TCP connection from the internet, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.2.17 40122 22 6 1 40 1777604400 1777604460 REJECT OK',
      ),
    ],
    other: [
      flowSample(
        'a connection from inside, rejected',
        '2 111122223333 eni-0a1b2c3d4e5f60718 192.168.7.5 10.0.2.17 40122 22 6 1 40 1777604400 1777604460 REJECT OK',
      ),
      flowSample(
        'a connection from the internet, accepted',
        '2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.23 10.0.2.17 40122 443 6 9 1240 1777604400 1777604460 ACCEPT OK',
      ),
    ],
  },
});
