import { describe, expect, it } from 'vitest';
import { CliFailure } from '../../cli/failure.ts';
import { lookOf, renderMarkdown } from '../../cli/markdown.ts';
import { outlineOf } from '../../cli/outline.ts';
import { showRunbook } from '../../cli/runbook.ts';
import { detections, responses } from '../../playbooks/catalog.ts';

const look = { width: 60, styled: false };
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes that style text
const ESCAPES = /\u001b\[/;

describe('npx cordon runbook', () => {
  it('lists every playbook with what starts it', () => {
    const text = showRunbook(undefined, false, look);

    for (const id of Object.keys(responses)) expect(text).toContain(id);
    for (const id of Object.keys(detections)) expect(text).toContain(id);
  });

  it.each([
    ['a playbook', 'restore-trail'],
    ['a detection', 'trail-tampering'],
    ['an incident', 'trail-tampering-20260501-030012-4f1a'],
  ])('takes the id of %s', (_, id) => {
    expect(showRunbook(id, false, look)).toMatch(
      /^Restore the trail and contain who\ntampered with it|^Restore the trail/,
    );
  });

  it.each(['nonsense', 'constructor', '../README', 'constructor-20260501-030012-4f1a'])(
    'refuses %s, and says which there are',
    (id) => {
      expect(() => showRunbook(id, false, look)).toThrow(CliFailure);
      expect(() => showRunbook(id, false, look)).toThrow(/There is no runbook[\s\S]*close-bucket/);
    },
  );

  it('gives the file and its Markdown to programs', () => {
    const { playbook, file, markdown } = JSON.parse(showRunbook('root-usage', true, look));

    expect({ playbook, file }).toEqual({
      playbook: 'review-root-usage',
      file: expect.stringMatching(/docs\/runbooks\/review-root-usage\.md$/),
    });
    expect(markdown).toContain('# Review the use of the root user');
  });

  it.each(Object.keys(responses))('shows %s as plain text without anything of Markdown left', (id) => {
    const text = showRunbook(id, false, { width: 100, styled: false });

    expect(text).not.toMatch(ESCAPES);
    expect(text).not.toMatch(/\*\*|```|\]\(|<!--|\| ---|-->/);
    expect(text).toContain('Claim\n');
    expect(text).toContain('The first five minutes');
  });
});

describe('a terminal', () => {
  const stdout = (isTTY: boolean, columns?: number) => ({ isTTY, columns }) as NodeJS.Process['stdout'];

  it.each<[string, NodeJS.Process['stdout'], NodeJS.ProcessEnv, boolean, number]>([
    ['a terminal of 80 columns', stdout(true, 80), {}, true, 80],
    ['a terminal, with NO_COLOR', stdout(true, 80), { NO_COLOR: '1' }, false, 80],
    ['a pipe', stdout(false), {}, false, 100],
    ['a very wide terminal', stdout(true, 300), {}, true, 110],
  ])('that is %s', (_, out, env, styled, width) => {
    expect(lookOf({ stdout: out, env })).toEqual({ styled, width });
  });

  it('gets headings in bold where it is styled', () => {
    expect(renderMarkdown('### One', { width: 60, styled: true })).toBe('\u001b[1mOne\u001b[22m');
    expect(renderMarkdown('# One\n\n## Two\n\n### Three', look)).toBe('One\n===\n\nTwo\n---\n\nThree');
  });

  it('gets paragraphs that are wrapped, and commands that are not', () => {
    const long = 'word '.repeat(20).trim();

    const text = renderMarkdown(`${long}\n\n\`\`\`sh\naws ${long}\n\`\`\``, look);

    const [paragraph = '', command] = text.split('\n\n');
    for (const line of paragraph.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    expect(command).toBe(`    aws ${long}`);
  });

  it('gets tables in columns, the last one wrapped, and row by row where there is no room', () => {
    const narrow = renderMarkdown('| A | Long |\n| --- | --- |\n| one | x |\n| three | y |', look);
    const wrapped = renderMarkdown(`| A | B |\n| --- | --- |\n| one | ${'word '.repeat(14)}|`, look);
    const wide = renderMarkdown(`| A | Long | C |\n| --- | --- | --- |\n| one | ${'word '.repeat(14)}| z |`, look);

    expect(narrow).toBe('A      Long\none    x\nthree  y');
    expect(wrapped).toBe(`A    B\none  ${'word '.repeat(11).trim()}\n     word word word`);
    expect(wide).toMatch(/^one\n {2}Long {2}word [\s\S]*\n {8}word[\s\S]*\n {2}C {5}z$/);
  });

  it('gets the words of links within the documents, and the address of others', () => {
    const text = renderMarkdown('[here](#there), [other](../a.md), [page](https://aws.amazon.com/)', look);

    expect(text).toBe('here, other, page <https://aws.amazon.com/>');
  });
});

describe('a diagram in a terminal', () => {
  it('is an outline: each state and what follows it, boxes inside', () => {
    const diagram = [
      'stateDiagram-v2',
      '  state "First step" as First_step',
      '  state "Restore" as Restore {',
      '    state "start-logging" as Restore_start_logging',
      '    [*] --> Restore_start_logging',
      '    Restore_start_logging --> [*]: nothing was changed',
      '  }',
      '  [*] --> First_step',
      '  First_step --> Restore: new records',
      '  First_step --> [*]: delivered twice',
      '  Restore --> [*]',
    ];

    expect(outlineOf(diagram.join('\n')).split('\n')).toEqual([
      'First step',
      '  -> Restore: new records',
      '  -> end: delivered twice',
      'Restore -> end',
      '  | start-logging',
      '  |   -> end: nothing was changed',
    ]);
  });

  it('that is of another kind stays as it is', () => {
    expect(outlineOf('flowchart LR\n  a --> b')).toBe('flowchart LR\n  a --> b');
  });
});
