import { ANY_ACCOUNT, filterPatterns } from '../../infra/filter.ts';
import { findingPattern } from '../../infra/finding-rules.ts';
import { type AnyDetection, ownTrail } from '../../playbooks/detection.ts';
import { cloudWatchPattern } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { eventLaneOf, whyNoEventLane } from '../../playbooks/matching/forms.ts';
import { block, code, codes, list, paragraph } from './markdown.ts';

/** What a detection takes and what it leaves, by the names of its samples. */
export const sampleLines = ({ samples, related }: AnyDetection): string[] => [
  ...paragraph('It takes:'),
  ...list(samples.matching.map(({ name }) => name)),
  ...paragraph('It leaves alone:'),
  ...list(samples.other.map(({ name }) => name)),
  ...(related
    ? paragraph(
        `Collected with them, though they do not count for the alarm: records that match ${code(cloudWatchPattern(related.when))} and share one of ${codes(related.sharing)}.`,
      )
    : []),
];

/** The filter patterns that are deployed with cordon's own trail, with the own roles that they leave out; or the rule's pattern. */
export function patternLines(detection: AnyDetection, prefix: string): string[] {
  if (detection.source === 'guardduty') {
    return [
      ...paragraph('The pattern of the rule that is deployed:'),
      ...block('json', [JSON.stringify(findingPattern(detection))]),
    ];
  }
  const trail = { ...ownTrail(prefix), bucket: 'BUCKET' };
  const lane = eventLaneOf(detection);
  const patterns = filterPatterns(detection, prefix, ANY_ACCOUNT, trail);
  return [
    ...paragraph(
      patterns.length > 1
        ? `The patterns of the ${patterns.length} filters that are deployed and count for one alarm:`
        : 'The filter pattern that is deployed:',
    ),
    ...patterns.flatMap((pattern) => block('text', wrapped(pattern))),
    ...(detection.published
      ? paragraph(
          'This text is demanded to the letter, so cordon’s own calls set the alarm off as well. The playbook knows them, and mails nothing about them.',
        )
      : []),
    ...(lane
      ? paragraph(
          `The event of such a call, where it succeeded, starts the playbook as well, seconds after it and before there is an alarm${lane.reads ? ', also of one that only reads' : ''}.`,
        )
      : paragraph(`Only the alarm starts the playbook: ${whyNoEventLane(detection)}.`)),
  ];
}

/** Broken before the operators, to at most so many characters where they allow it. */
const WIDTH = 110;

function wrapped(pattern: string): string[] {
  const lines: string[] = [];
  for (const part of pattern.split(/ (?=&&|\|\|)/)) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${part}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(lines.length > 0 ? `  ${part}` : part);
  }
  return lines;
}
