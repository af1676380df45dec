import type { Severity } from '../detection.ts';
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

/** What the subject of a mail about an incident carries. */
export interface Subject {
  severity: Severity;
  /** A word or a few, in capitals: `CONTAINED`. */
  outcome: string;
  detection: string;
  /** What it is about, which an offender may have named. */
  target: string;
  account: string;
}

/** The fewest characters of a target that say anything. */
const LEAST_TARGET = 10;

/**
 * `[cordon] CRITICAL CONTAINED: trail-tampering, trail cordon, 111122223333`. How it stands comes first, and the target
 * gets what room the rest leaves, so that no name, however long, pushes anything out of a phone's list of mails.
 */
export function subjectOf({ severity, outcome, detection, target, account }: Subject): MailParts['subject'] {
  const fixed = `[cordon] ${severity} ${outcome}: , , ${account}`.length;
  const named = ascii(plain(detection), SUBJECT_LENGTH - fixed - LEAST_TARGET);
  return [`[cordon] ${severity} ${outcome}: ${named}, `, target, `, ${account}`];
}

const render = (section: Section): string[] => [
  '',
  section.heading.toUpperCase(),
  ...section.lines.map((one) =>
    one.startsWith('  ') ? `    ${one.trimStart()}` : /^\d+\. /.test(one) ? one : `- ${one}`,
  ),
];
