import type { Section } from '../response.ts';
import { ascii, plain } from './words.ts';

/** SNS takes subjects of "less than 100" characters. */
const SUBJECT_LENGTH = 99;

/** A mail: a subject of less than 100 printable ASCII characters (the limit of SNS) and a plain text. */
export interface Mail {
  subject: string;
  text: string;
}

/** What a mail is made of. */
export interface MailParts {
  /** What comes first, what is shortened where it does not fit, and what must not be cut off. */
  subject: readonly [head: string, middle: string, tail: string];
  head: string[];
  /** Those without lines are left out. */
  sections: Section[];
}

/**
 * A mail of its parts, with nothing invisible left in it.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function mailOf({ subject: [head, middle, tail], head: lines, sections }: MailParts): Mail {
  const room = SUBJECT_LENGTH - head.length - tail.length;
  const text = [...lines, ...sections.filter((section) => section.lines.length > 0).flatMap(render)];
  return {
    subject: ascii(`${head}${ascii(plain(middle), Math.max(room, 10))}${tail}`, SUBJECT_LENGTH),
    text: `${text.map(plain).join('\n')}\n`,
  };
}

const render = (section: Section): string[] => [
  '',
  section.heading.toUpperCase(),
  ...section.lines.map((one) =>
    one.startsWith('  ') ? `    ${one.trimStart()}` : /^\d+\. /.test(one) ? one : `- ${one}`,
  ),
];
