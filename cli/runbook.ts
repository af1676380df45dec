import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allDetections, responses } from '../playbooks/catalog.ts';
import { CliFailure } from './failure.ts';
import { type Look, lookOf, renderMarkdown } from './markdown.ts';

const FOLDER = new URL('../docs/runbooks/', import.meta.url);

/**
 * A playbook's runbook as a terminal shows it, or which there are.
 * @param id of a playbook, a detection or an incident
 * @param json as data: the id, the file and its Markdown
 * @throws {CliFailure} where there is no such runbook
 */
export function showRunbook(id: string | undefined, json: boolean, look: Look = lookOf(process)): string {
  if (id === undefined) return json ? JSON.stringify(Object.keys(responses)) : contents(look);
  const found = readRunbook(id);
  if (found === undefined) throw new CliFailure('usage', `There is no runbook "${id}".\n\n${contents(look)}`);
  return json ? JSON.stringify(found, null, 2) : renderMarkdown(found.markdown, look);
}

/** A runbook as it stands in the documents. */
export interface Runbook {
  playbook: string;
  /** Where the file is. */
  file: string;
  markdown: string;
}

/**
 * The runbook of a playbook, or of that of a detection or an incident, by its id; undefined where there is none.
 * @throws {CliFailure} where its file is missing
 */
export function readRunbook(id: string): Runbook | undefined {
  const playbook = playbookOf(id);
  if (playbook === undefined) return undefined;
  const file = new URL(`${playbook}.md`, FOLDER);
  if (!existsSync(file)) {
    throw new CliFailure(
      'failed',
      `The runbook of ${playbook} is missing: npm run docs writes ${fileURLToPath(file)}.`,
    );
  }
  return { playbook, file: fileURLToPath(file), markdown: readFileSync(file, 'utf8') };
}

/** The playbook that an id means: its own, that of one of its detections, or that of an incident of one. */
function playbookOf(id: string): string | undefined {
  if (Object.hasOwn(responses, id)) return id;
  // An incident's id begins with its detection's.
  const detection = /^(.+)-\d{8}-\d{6}-[0-9a-f]+$/.exec(id)?.[1] ?? id;
  return Object.hasOwn(allDetections, detection) ? allDetections[detection]?.response : undefined;
}

const contents = (look: Look): string =>
  renderMarkdown(
    [
      'Runbooks, each for one playbook: `npx cordon runbook ID`',
      '',
      '| Playbook | What it does | Started by |',
      '| --- | --- | --- |',
      ...Object.entries(responses).map(([id, { title }]) => {
        const own = Object.entries(allDetections).filter(([, { response }]) => response === id);
        return `| ${id} | ${title} | ${own.map(([detection]) => detection).join(', ')} |`;
      }),
    ].join('\n'),
    look,
  );
