import { lexer, type Token, type Tokens } from 'marked';
import { outlineOf } from './outline.ts';

/** How a terminal is written to. */
export interface Look {
  /** Columns of text. */
  width: number;
  /** With bold and dim text. */
  styled: boolean;
}

const WIDTH = { usual: 100, least: 40, most: 110 };

/** The look of a process's terminal. Nothing is styled where output goes elsewhere or NO_COLOR is set: https://no-color.org */
export function lookOf({ stdout, env }: Pick<NodeJS.Process, 'stdout' | 'env'>): Look {
  const columns = stdout.columns ?? WIDTH.usual;
  return {
    width: Math.min(Math.max(columns, WIDTH.least), WIDTH.most),
    styled: stdout.isTTY === true && !env.NO_COLOR,
  };
}

/**
 * Markdown as text for a terminal: paragraphs wrapped, tables aligned (or row by row where they are too wide), commands
 * indented and never wrapped, Mermaid diagrams as an outline. Comments are left out.
 */
export const renderMarkdown = (markdown: string, look: Look): string =>
  lexer(markdown)
    .map((token) => blockOf(token, look))
    .filter((text) => text !== '')
    .join('\n\n');

const bold = (text: string, { styled }: Look): string => (styled ? `\u001b[1m${text}\u001b[22m` : text);
const dim = (text: string, { styled }: Look): string => (styled ? `\u001b[2m${text}\u001b[22m` : text);

function blockOf(token: Token, look: Look): string {
  switch (token.type) {
    case 'heading':
      return headingOf(token as Tokens.Heading, look);
    case 'paragraph':
    case 'text':
      return wrap(inline((token as Tokens.Paragraph).tokens, look), look.width);
    case 'list':
      return listOf(token as Tokens.List, look);
    case 'code': {
      const { lang, text } = token as Tokens.Code;
      return indented(lang === 'mermaid' ? outlineOf(text) : text);
    }
    case 'table':
      return tableOf(token as Tokens.Table, look);
    case 'blockquote':
      return (token as Tokens.Blockquote).tokens.map((inner) => indented(blockOf(inner, look), '  | ')).join('\n');
    case 'hr':
      return dim('-'.repeat(look.width), look);
    // White space, and comments.
    default:
      return '';
  }
}

function headingOf({ depth, tokens }: Tokens.Heading, look: Look): string {
  const text = inline(tokens, look);
  const rule = depth === 1 ? '=' : depth === 2 ? '-' : '';
  return [bold(text, look), ...(rule ? [dim(rule.repeat(lengthOf(text)), look)] : [])].join('\n');
}

function listOf({ items, ordered, start }: Tokens.List, look: Look): string {
  const rendered = items.map(({ tokens }, index) => {
    const mark = ordered ? `${Number(start || 1) + index}. ` : '- ';
    const inner = { ...look, width: look.width - mark.length };
    const text = tokens
      .map((token) => blockOf(token, inner))
      .filter((block) => block !== '')
      .join('\n');
    return mark + indented(text, ' '.repeat(mark.length)).trimStart();
  });
  return rendered.join('\n');
}

const GAP = '  ';

/** What a last column that is wrapped must have at least, or else the rows are stacked. */
const LEAST_COLUMN = 36;

/** Columns side by side, the last one wrapped, where they fit; where not, each row by itself. */
function tableOf({ header, rows }: Tokens.Table, look: Look): string {
  const cells = [header, ...rows].map((row) => row.map(({ tokens }) => inline(tokens, look)));
  const [head = [], ...body] = cells;
  const widths = head.map((_, column) => Math.max(...cells.map((row) => lengthOf(row[column] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = look.width - before;
  if (room < Math.min(widths.at(-1) ?? 0, LEAST_COLUMN)) return stacked(head, body, look);
  const line = (row: string[]) => {
    const first = row.slice(0, -1).map((text, column) => padded(text, widths[column] ?? 0) + GAP);
    const last = indented(wrap(row.at(-1) ?? '', room), ' '.repeat(before)).trimStart();
    return `${first.join('')}${last}`.trimEnd();
  };
  return [bold(line(head), look), ...body.map(line)].join('\n');
}

/** Each row under its first cell, the others named by their columns. */
function stacked([, ...names]: string[], rows: string[][], look: Look): string {
  const nameWidth = Math.max(...names.map(lengthOf)) + (names.some((name) => name !== '') ? GAP.length : 0);
  const margin = ' '.repeat(2 + nameWidth);
  return rows
    .map(([first = '', ...rest]) => {
      const lines = rest.map((text, column) => {
        const name = padded(names[column] ?? '', nameWidth);
        return `  ${dim(name, look)}${indented(wrap(text, look.width - margin.length), margin).trimStart()}`;
      });
      return [...(first ? [bold(first, look)] : []), ...lines.filter((text) => text.trim() !== '')].join('\n');
    })
    .join('\n');
}

/** The inner parts of a paragraph in one line. Links within the documents are only their words. */
function inline(tokens: Token[] = [], look: Look): string {
  return tokens
    .map((token) => {
      switch (token.type) {
        case 'strong':
          return bold(inline((token as Tokens.Strong).tokens, look), look);
        case 'em':
          return inline((token as Tokens.Em).tokens, look);
        case 'link': {
          const { href, tokens: inner } = token as Tokens.Link;
          const text = inline(inner, look);
          return /^https?:/.test(href) && text !== href ? `${text} <${href}>` : text;
        }
        case 'br':
          return '\n';
        case 'html':
          return '';
        default:
          return 'text' in token ? String(token.text) : '';
      }
    })
    .join('')
    .replace(/[ \n]+/g, ' ');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes that style text
const STYLES = /\u001b\[\d+m/g;
const lengthOf = (text: string): number => text.replace(STYLES, '').length;
const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)));
const indented = (text: string, by = '    '): string =>
  text
    .split('\n')
    .map((line) => (line ? by + line : line))
    .join('\n');

/** Breaks between words; a word that is longer than the width keeps a line of its own. */
function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && lengthOf(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
