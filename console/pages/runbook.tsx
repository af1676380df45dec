/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx';
import { lexer, type Token, type Tokens } from 'marked';
import { outlineOf } from '../../cli/outline.ts';
import type { Runbook } from '../../cli/runbook.ts';
import { type Frame, Layout } from './layout.tsx';

/** A playbook's runbook, made of its Markdown. HTML in it is left out, so nothing but these elements can be there. */
export const RunbookPage: FC<{ frame: Frame; runbook: Runbook }> = ({ frame, runbook: { playbook, markdown } }) => {
  const blocks = lexer(markdown);
  const sections = blocks.filter(isHeading).filter(({ depth }) => depth === 2);
  return (
    <Layout frame={frame} at="">
      <p class="crumbs">
        <a href="/detections">Detections</a> / runbook <code>{playbook}</code>
      </p>
      <article class="prose">
        {blocks.map((block) => (
          <>
            <Block token={block} />
            {isHeading(block) && block.depth === 1 ? <Contents sections={sections} /> : null}
          </>
        ))}
      </article>
    </Layout>
  );
};

const isHeading = (token: Token): token is Tokens.Heading => token.type === 'heading';

const Contents: FC<{ sections: Tokens.Heading[] }> = ({ sections }) => (
  <nav aria-label="Sections">
    <ul class="sections">
      {sections.map(({ text }) => (
        <li>
          <a href={`#${anchorOf(text)}`}>{text}</a>
        </li>
      ))}
    </ul>
  </nav>
);

/** The anchor of a heading, as the documents' own links have it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const Block: FC<{ token: Token }> = ({ token }) => {
  switch (token.type) {
    case 'heading':
      return <Heading token={token as Tokens.Heading} />;
    case 'paragraph':
      return <p>{inline((token as Tokens.Paragraph).tokens)}</p>;
    case 'text':
      return <>{inline((token as Tokens.Text).tokens ?? [token])}</>;
    case 'list':
      return <List token={token as Tokens.List} />;
    case 'code': {
      const { lang, text } = token as Tokens.Code;
      return <pre tabindex={0}>{lang === 'mermaid' ? outlineOf(text) : text}</pre>;
    }
    case 'table':
      return <Table token={token as Tokens.Table} />;
    default:
      return null;
  }
};

const Heading: FC<{ token: Tokens.Heading }> = ({ token: { depth, text, tokens } }) => {
  const id = anchorOf(text);
  const words = inline(tokens);
  if (depth === 1) return <h1 id={id}>{words}</h1>;
  return depth === 2 ? <h2 id={id}>{words}</h2> : <h3 id={id}>{words}</h3>;
};

const List: FC<{ token: Tokens.List }> = ({ token: { ordered, items } }) => {
  const rows = items.map(({ tokens }) => (
    <li>
      {tokens.map((one) => (
        <Block token={one} />
      ))}
    </li>
  ));
  return ordered ? <ol>{rows}</ol> : <ul>{rows}</ul>;
};

const Table: FC<{ token: Tokens.Table }> = ({ token: { header, rows } }) => (
  <figure class="wide" tabindex={0}>
    <table>
      <thead>
        <tr>{header.map(({ tokens, text }) => (text === '' ? <td /> : <th scope="col">{inline(tokens)}</th>))}</tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map(({ tokens }) => (
              <td>{inline(tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </figure>
);

const inline = (tokens: Token[]): Child[] => tokens.map((token) => <Inline token={token} />);

const Inline: FC<{ token: Token }> = ({ token }) => {
  switch (token.type) {
    case 'strong':
      return <strong>{inline((token as Tokens.Strong).tokens)}</strong>;
    case 'em':
      return <em>{inline((token as Tokens.Em).tokens)}</em>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'link':
      return <Link token={token as Tokens.Link} />;
    case 'br':
      return <br />;
    case 'html':
      return null;
    case 'escape':
      return <>{(token as Tokens.Escape).text}</>;
    default:
      return <>{'tokens' in token && token.tokens ? inline(token.tokens) : token.raw}</>;
  }
};

/** Links to other documents of the project are only their words here: the console has none of them but the runbooks. */
const Link: FC<{ token: Tokens.Link }> = ({ token: { href, tokens } }) => {
  const words = inline(tokens);
  if (href.startsWith('#')) return <a href={href}>{words}</a>;
  if (/^https:\/\//.test(href)) {
    return (
      <a href={href} rel="noreferrer external">
        {words}
      </a>
    );
  }
  const [, other] = /^([a-z-]+)\.md$/.exec(href) ?? [];
  return other ? <a href={`/runbooks/${other}`}>{words}</a> : <span>{words}</span>;
};
