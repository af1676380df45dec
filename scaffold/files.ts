import type { DetectionAnswers, ResponseAnswers } from './answers.ts';

const text = (value: string): string => JSON.stringify(value);

/** The file of a new detection: complete, but for samples and prose that only its author knows. */
export function detectionFile(answers: DetectionAnswers): string {
  const { title, why, severity, source, calls, attack, response, pack } = answers;
  const [first = ''] = calls;
  const names = calls.length === 1 ? `is('eventName', ${text(first)})` : `oneOf('eventName', [${calls.map(text)}])`;
  const service = source.replace(/\.amazonaws\.com$/, '');
  return `import { detection } from '../detection.ts';
import { all, is${calls.length > 1 ? ', oneOf' : ''} } from '../matching/match.ts';
import { call, iamUser } from './samples.ts';

const made = (eventName: string, requestParameters: unknown, rest: Record<string, unknown> = {}) =>
  call(${text(source)}, eventName, iamUser('mallory'), { requestParameters, ...rest });

export default detection({
  title: ${text(title)},
  why: ${text(why)},
${pack ? `  pack: ${text(pack)},\n` : ''}  severity: ${text(severity)},
  when: all(is('eventSource', ${text(source)}), ${names}),
  alarm: { atLeast: 1, withinMinutes: 1 },
  response: ${text(response)},
  attack: [${attack.map(text)}],
  references: [],
  falsePositives: ['A deployment that does this: let its role be a protected principal.'],
  samples: {
    matching: [
${calls.map((name) => `      { name: ${text(`${name} that succeeded`)}, record: made(${text(name)}, {}) },`).join('\n')}
      {
        name: ${text(`refused ${first}`)},
        record: made(${text(first)}, null, {
          errorCode: 'AccessDenied',
          errorMessage: ${text(`User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: ${service}:${first}`)},
        }),
      },
    ],
    other: [
      {
        name: 'a call of that name to another service',
        record: call('example.amazonaws.com', ${text(first)}, iamUser('alice')),
      },
    ],
  },
});
`;
}

/** The file of a new response: it says who did what, and contains nobody until it is told to. */
export const responseFile = ({ title }: ResponseAnswers): string => `import { namedBy } from '../parameters.ts';
import { containByHand, notContained, revokeSessions } from '../principals.ts';
import { clock, line } from '../report/words.ts';
import { response } from '../response.ts';

export default response({
  title: ${text(title)},
  restore: [],
  investigate: ['actor', 'role-use'],
  contain: [
    { action: 'tag-iam-user', who: ['iam-user', 'federated-user'], mode: 'auto', attempts: true },
    { action: 'disable-iam-user', who: ['iam-user', 'federated-user'], mode: 'approve' },
    revokeSessions,
  ],
  unresolved: notContained,
  byHand: containByHand,
  report: ({ events }) => [
    {
      heading: 'What happened',
      lines: events.map(({ record, actor, verdict, reason }) =>
        line(
          \`\${clock(record.eventTime)} \${record.eventName}\`,
          namedBy(record),
          \`by \${actor.label}\`,
          verdict === 'attempt' ? \`refused: \${record.errorCode}\` : reason,
        ),
      ),
    },
  ],
  subject: ({ events }) => events[0]?.actor.label ?? 'unknown',
});
`;
