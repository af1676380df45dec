/** Text in a cell of a table: no bar ends it, and no line break. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');

/** A table, or nothing where there are no rows. */
export function table(head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** A list of bullets, or nothing. */
export const list = (items: string[]): string[] => (items.length > 0 ? [...items.map((item) => `- ${item}`), ''] : []);

/** A block of code in a language, or nothing where it has no lines. */
export const block = (language: string, lines: string[]): string[] =>
  lines.length > 0 ? [`\`\`\`${language}`, ...lines, '```', ''] : [];

/** Text in a code span; one that holds a backtick gets two. */
export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

/** Several in code spans, joined by commas. */
export const codes = (texts: Iterable<string>): string => [...texts].map(code).join(', ');

/** A link, or only its text. */
export const link = (text: string, url: string | undefined): string => (url ? `[${text}](${url})` : text);

/** A sentence of a text that has no capital and no full stop yet. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** A paragraph, and the empty line after it. */
export const paragraph = (...parts: string[]): string[] => [parts.join(' '), ''];

/** The anchor that a heading gets. */
export const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** The lines as a document: no two empty lines together, one line break at the end. */
export const document = (lines: string[]): string =>
  `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
