import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documents, handWritten, MARKER, presentText } from '../../docs/generate/documents.ts';
import { anchor } from '../../docs/generate/markdown.ts';
import { responses } from '../../playbooks/catalog.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const all = documents();
const runbooks = Object.keys(responses).map((id) => `docs/runbooks/${id}.md`);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The permissions are read from both templates, which are made for it. */
const SYNTHESIS_MS = 120_000;

describe('the generated documents', () => {
  it.each(all.map((document) => [document.file, document] as const))(
    '%s is as its units say',
    (file, document) => {
      const present = presentText(root, document);

      const text = document.render(present);

      expect(text === present, `${file} is stale: run npm run docs and commit it.`).toBe(true);
    },
    SYNTHESIS_MS,
  );

  it('are one runbook for each playbook, and no other', () => {
    const files = readdirSync(join(root, 'docs/runbooks')).filter((name) => name !== 'README.md');

    expect(files.map((name) => `docs/runbooks/${name}`).sort()).toEqual([...runbooks].sort());
  });

  it.each(all.map(({ file }) => file))('%s has links that lead somewhere', (file) => {
    const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

    const dead = links.filter((target) => !/^https:/.test(target) && !isThere(file, target));

    expect(dead).toEqual([]);
  });
});

/** True for a file of the project, and for a heading in it. */
function isThere(from: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(root, file))) return false;
  return heading === undefined || headingsOf(read(file)).includes(heading);
}

const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));

describe('what is written by hand', () => {
  const [document] = all.filter(({ file }) => file.startsWith('docs/runbooks/restore-trail'));

  it('is kept when the rest is generated', () => {
    const text = document?.render(`# Old\n\nstale\n\n${MARKER}\n\n## Mine\n\nSome words.\n`) ?? '';

    expect(handWritten(text)).toBe('## Mine\n\nSome words.');
    expect(text).not.toContain('stale');
    expect(text).toContain('[Mine](#mine)');
  });

  it('is made room for in a new runbook', () => {
    expect(document?.render('')).toMatch(/\nNothing has been written by hand yet\.\n$/);
  });

  it.each(runbooks)('says in %s what an analyst needs first at night', (file) => {
    const headings = [...(handWritten(read(file)) ?? '').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

    expect(headings).toEqual([
      'How to think about it',
      'The first five minutes',
      'What normal looks like',
      'When to wake somebody',
      'Evidence to keep',
    ]);
  });
});
