import { ANY_ACCOUNT, filterPatterns } from '../../infra/filter.ts';
import type { Detection } from '../../playbooks/detection.ts';
import { cloudWatchPattern } from '../../playbooks/matching/cloudwatch-pattern.ts';
import { block, code, codes, list, paragraph } from './markdown.ts';

/** What a detection takes and what it leaves, by the names of its samples. */
export const sampleLines = ({ samples, related }: Detection): string[] => [
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

/** The filter patterns that are deployed, with the own roles that they leave out. */
export function patternLines(detection: Detection, prefix: string): string[] {
  const patterns = filterPatterns(detection, prefix, ANY_ACCOUNT);
  return [
    ...paragraph(
      patterns.length === 1
        ? 'The filter pattern that is deployed:'
        : `The ${patterns.length} filter patterns that are deployed, which feed one metric:`,
    ),
    ...patterns.flatMap((pattern) => block('text', wrapped(pattern))),
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
