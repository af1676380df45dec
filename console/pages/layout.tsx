/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx';
import type { Identity } from '../library.ts';
import type { Session } from '../sessions.ts';
import { shortArn } from '../words.ts';
import { Banner } from './parts.tsx';

/** What every page is made with. */
export interface Frame {
  title: string;
  /** The page's path and query, which live updates ask about; absent where nothing is live. */
  live?: string;
  identity: Identity;
  session: Session;
  /** How many questions wait. */
  waiting: number;
}

const PAGES = [
  ['/', 'Incidents'],
  ['/waiting', 'For you'],
  ['/detections', 'Detections'],
  ['/figures', 'Figures'],
] as const;

/** A whole page around its main part. */
export const Layout: FC<{ frame: Frame; at: string; children?: Child }> = ({ frame, at, children }) => (
  <Document title={frame.title}>
    <a class="skip" href="#main">
      Skip to the content
    </a>
    <header class="top">
      <a class="brand" href="/">
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path d="M12 1 22 5v7c0 6-4.2 9.6-10 11C6.2 21.6 2 18 2 12V5Z" />
        </svg>
        cordon
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([path, name]) => (
          <a href={path} {...(path === at ? { 'aria-current': 'page' } : {})}>
            {name}
            {path === '/waiting' ? <Waiting count={frame.waiting} /> : null}
          </a>
        ))}
      </nav>
      <Who identity={frame.identity} csrf={frame.session.csrf} />
    </header>
    <main id="main" tabindex={-1} {...(frame.live ? { 'data-of': frame.live } : {})}>
      <Banner said={frame.session.said} />
      {children}
    </main>
    <footer>
      <p id="live" class="live" role="status">
        {frame.live ? 'Live updates need JavaScript: reload to see what is new.' : ''}
      </p>
      <button type="button" class="link" data-help hidden>
        Keyboard shortcuts (?)
      </button>
    </footer>
    <Help />
    <dialog id="confirm" aria-labelledby="confirm-text">
      <p id="confirm-text" />
      <form method="dialog" class="buttons">
        <button type="submit" value="cancel">
          Cancel
        </button>
        <button type="submit" value="confirm" class="primary">
          Confirm
        </button>
      </form>
    </dialog>
  </Document>
);

const Waiting: FC<{ count: number }> = ({ count }) => (
  <span id="waiting-count" class="count" data-live="" {...(count === 0 ? { hidden: true } : {})}>
    {count}
    <span class="hidden"> waiting</span>
  </span>
);

const Who: FC<{ identity: Identity; csrf: string }> = ({ identity, csrf }) => (
  <div class="who">
    <span>
      {shortArn(identity.arn)}
      {identity.mayAnswer === false ? <span class="badge tone quiet">read only</span> : null}
      <br />
      <span class="quiet">
        {identity.account}, {identity.region}
      </span>
    </span>
    <form method="post" action="/leave">
      <input type="hidden" name="csrf" value={csrf} />
      <button type="submit">Lock</button>
    </form>
  </div>
);

const KEYS = [
  ['j, k', 'next and previous row of a list'],
  ['Enter', 'open the row'],
  ['g i', 'incidents'],
  ['g y', 'for you'],
  ['g d', 'detections'],
  ['g f', 'figures'],
  ['/', 'to the filters'],
  ['?', 'this help'],
];

const Help: FC = () => (
  <dialog id="help" aria-labelledby="help-title">
    <h2 id="help-title">Keyboard shortcuts</h2>
    <dl class="keys">
      {KEYS.map(([key, what]) => (
        <>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </>
      ))}
    </dl>
    <label class="check">
      <input type="checkbox" id="keys-on" /> Shortcuts are on
    </label>
    <form method="dialog" class="buttons">
      <button type="submit" class="primary">
        Close
      </button>
    </form>
  </dialog>
);

/** The bare document: head, style, script. */
export const Document: FC<{ title: string; children?: Child }> = ({ title, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} - cordon`}</title>
      <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/static/console.css" />
      <script src="/static/console.js" defer />
    </head>
    <body>{children}</body>
  </html>
);

/** A page with nothing but a message: no session, nothing there, something failed. */
export const MessagePage: FC<{ title: string; children?: Child }> = ({ title, children }) => (
  <Document title={title}>
    <main id="main" class="message">
      <h1>{title}</h1>
      {children}
    </main>
  </Document>
);
