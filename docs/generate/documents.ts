import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../cli/commands/catalog.ts';
import { reference } from '../../cli/reference.ts';
import { responses } from '../../playbooks/catalog.ts';
import { detectionTable } from './detections.ts';
import { code, document, link, paragraph, table } from './markdown.ts';
import { permissionsTable } from './permissions.ts';
import { detectionsOf, runbookOf } from './runbook.ts';

/** What parts what is generated from what is written by hand. */
export const MARKER = '<!-- generated above; written by hand below -->';

/** What stands below the marker of a runbook that nobody has written anything for. */
const UNWRITTEN = 'Nothing has been written by hand yet.';

/** A file that is generated, whole or down to the marker. */
export interface Document {
  /** From the project's root. */
  file: string;
  /** What the file must be, given what it is. */
  render: (present: string) => string;
}

const NOTICE = '<!-- Generated from the units by npm run docs. -->';
const noticed = (text: string): string => `${NOTICE}\n\n${text}`;

/** Every generated document. */
export const documents = (): Document[] => [
  { file: 'docs/cli.md', render: () => noticed(reference(commands)) },
  { file: 'docs/detections.md', render: () => noticed(detectionTable()) },
  { file: 'docs/permissions.md', render: () => noticed(permissionsTable()) },
  { file: 'docs/runbooks/README.md', render: () => noticed(contents()) },
  ...Object.keys(responses).map((id) => ({
    file: `docs/runbooks/${id}.md`,
    render: (present: string) => runbook(id, present),
  })),
];

function runbook(id: string, present: string): string {
  const hand = handWritten(present) ?? UNWRITTEN;
  const headings = [...hand.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  return `${noticed(runbookOf(id, headings))}\n${MARKER}\n\n${hand}\n`;
}

/** What stands below the marker, or undefined where there is no marker. */
export function handWritten(text: string): string | undefined {
  const at = text.indexOf(MARKER);
  return at < 0 ? undefined : text.slice(at + MARKER.length).trim();
}

/** The table of contents of the runbooks. */
const contents = (): string =>
  document([
    '# Runbooks',
    '',
    ...paragraph(
      `One for each playbook: what sets it off, what it does by itself, what is left to a person, how to take it back. ${code('npx cordon runbook ID')} shows one in the terminal; ID is that of a playbook, a detection or an incident.`,
    ),
    ...table(
      ['Playbook', 'What it does', 'Started by'],
      Object.entries(responses).map(([id, { title }]) => [
        link(code(id), `${id}.md`),
        title,
        detectionsOf(id)
          .map(
            ([detection, { severity, pack }]) =>
              `${link(code(detection), `../detections.md#${detection}`)} (${severity}${pack ? `, pack ${code(pack)}` : ''})`,
          )
          .join(', '),
      ]),
    ),
    ...paragraph(
      `Above the marker they are generated from the units by ${code('npm run docs')}; below it they are written by hand, and kept. See also ${link('the detections', '../detections.md')} and ${link('the permissions of every role', '../permissions.md')}.`,
    ),
  ]);

/** The text of a document as it is, or nothing. */
export function presentText(root: string, { file }: Document): string {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
