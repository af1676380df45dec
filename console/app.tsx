/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import * as z from 'zod';
import { readRunbook } from '../cli/runbook.ts';
import { errorText } from '../handlers/errors.ts';
import type { Head } from '../handlers/incidents/items.ts';
import { lastWeeks, marks } from '../playbooks/figures.ts';
import { plain } from '../playbooks/report/words.ts';
import { assets } from './assets.ts';
import { filterOf, pathOf } from './filter.ts';
import { type Change, ChangeRefused, type Library } from './library.ts';
import { Live, listed } from './live.ts';
import { DetectionsPage } from './pages/detections.tsx';
import { FiguresPage } from './pages/figures.tsx';
import { IncidentPage } from './pages/incident.tsx';
import { IncidentsPage } from './pages/incidents.tsx';
import { type Frame, MessagePage } from './pages/layout.tsx';
import { WaitingPage } from './pages/questions.tsx';
import { RunbookPage } from './pages/runbook.tsx';
import { type Env, forged, keepSecret, ownHostOnly, secretOf, secureHeaders, sessionOnly } from './security.ts';
import type { Sessions } from './sessions.ts';

/** What the console works with. */
export interface AppDependencies {
  library: Library;
  sessions: Sessions;
  /** The port that it is served at; known once it listens. */
  port: () => number;
  now: () => Date;
  /** Milliseconds between two looks of a live page. */
  liveEveryMs: number;
  /** Told of what fails, for the terminal. */
  report: (problem: string) => void;
}

const WEEKS = 12;
/** Heads that the figures are made of at most, and how many one read takes. */
const MOST_HEADS = 20_000;
const HEADS_AT_ONCE = 1000;
/** A note has 2,000 characters at most. */
const MOST_BYTES = 32_768;

const note = z.string().trim().min(1, 'a note is needed').max(2000, 'a note has at most 2,000 characters');
const key = z.string().min(1).max(200);
const forms = z.discriminatedUnion('answer', [
  z.object({ answer: z.enum(['approve', 'reject', 'done', 'skip']), key, note }),
  z.object({ answer: z.literal('undo'), key, note, force: z.literal('yes').optional() }),
  z.object({ answer: z.literal('mark'), mark: z.enum(marks), note }),
]);

/** The console as a web application; it knows no network and no AWS. */
export function createApp(dependencies: AppDependencies): Hono<Env> {
  const { library, sessions, port, report } = dependencies;
  const app = new Hono<Env>();
  app.use(secureHeaders, ownHostOnly(port));
  app.onError((error, context) => {
    report(errorText(error));
    context.header('cache-control', 'no-store');
    return page(
      context,
      <MessagePage title="That did not work">
        <p>{plain(errorText(error))}</p>
        <p>
          <a href={context.req.path}>Try again</a>, or go to the <a href="/">incidents</a>.
        </p>
      </MessagePage>,
      500,
    );
  });
  app.notFound((context) => page(context, <NotFound />, 404));
  for (const [path, { type, content }] of Object.entries(assets())) {
    app.get(path, (context) => context.body(content, 200, { 'content-type': type }));
  }
  app.get('/enter', (context) => {
    const own = sessions.enter(context.req.query('key') ?? '');
    if (own === undefined) return page(context, <Expired />, 401);
    keepSecret(context, port(), own);
    // The key is used up, and goes from the address bar.
    return context.redirect('/', 303);
  });
  app.use(sessionOnly(sessions, port, expired));
  app.use(bodyLimit({ maxSize: MOST_BYTES, onError: (context) => context.text('Too long.', 413) }));
  reading(app, dependencies);
  changing(app, dependencies);
  const watched = new Live(library, dependencies.liveEveryMs);
  app.get('/live', (context) => live(context, dependencies, watched));
  return app;
}

function reading(app: Hono<Env>, { library, now }: AppDependencies): void {
  app.get('/', async (context) => {
    const filter = filterOf(context.req.query());
    const frame = await frameOf(context, library, 'Incidents', pathOf(filter));
    return page(
      context,
      <IncidentsPage frame={frame} filter={filter} page={await listed(library, filter)} now={now()} />,
    );
  });
  app.get('/waiting', async (context) => {
    const waiting = await library.waiting();
    const frame = await frameOf(context, library, 'For you', '/waiting');
    return page(context, <WaitingPage frame={frame} waiting={waiting} now={now()} />);
  });
  app.get('/incidents/:id', (context) => incidentPage(context, library, now, 200));
  app.get('/detections', async (context) => {
    const weeks = lastWeeks(now(), WEEKS);
    const [recent, modes] = await Promise.all([headsSince(library, weeks[0] ?? ''), library.modes()]);
    const frame = await frameOf(context, library, 'Detections', '/');
    return page(context, <DetectionsPage frame={frame} view={{ ...recent, weeks, modes, now: now() }} />);
  });
  app.get('/runbooks/:id', async (context) => {
    const id = context.req.param('id');
    const runbook = readRunbook(id);
    if (!runbook) return page(context, <NotFound what={`There is no runbook ${plain(id)}.`} />, 404);
    const { live: _, ...frame } = await frameOf(context, library, `Runbook ${runbook.playbook}`, '/');
    return page(context, <RunbookPage frame={frame} runbook={runbook} />);
  });
  app.get('/figures', async (context) => {
    const weeks = lastWeeks(now(), WEEKS);
    const [recent, waiting, canaries, health] = await Promise.all([
      headsSince(library, weeks[0] ?? ''),
      library.waiting(),
      library.canaries(),
      library.health(),
    ]);
    const frame = await frameOf(context, library, 'Figures', '/');
    return page(
      context,
      <FiguresPage frame={frame} view={{ ...recent, weeks, waiting, canaries, health, now: now() }} />,
    );
  });
}

function changing(app: Hono<Env>, { library, now, sessions, port, report }: AppDependencies): void {
  app.post('/incidents/:id', async (context) => {
    const form = await context.req.parseBody();
    const refusal = forged(context, form);
    if (refusal) return page(context, <Forged why={refusal} />, 403);
    const session = context.get('session');
    const incidentId = context.req.param('id');
    const { data, error } = forms.safeParse(form);
    if (error) {
      session.said = { kind: 'refused', text: error.issues.map(({ message }) => message).join('; ') };
      return incidentPage(context, library, now, 400);
    }
    const change: Change =
      data.answer === 'undo' ? { ...data, incidentId, force: data.force === 'yes' } : { ...data, incidentId };
    try {
      session.said = { kind: 'done', text: (await library.change(change)).text };
    } catch (failure) {
      if (!(failure instanceof ChangeRefused)) throw failure;
      report(failure.message);
      session.said = { kind: 'refused', text: failure.message };
    }
    return context.redirect(`/incidents/${encodeURIComponent(incidentId)}`, 303);
  });
  app.post('/leave', async (context) => {
    const refusal = forged(context, await context.req.parseBody());
    if (refusal) return page(context, <Forged why={refusal} />, 403);
    sessions.leave(secretOf(context, port()));
    keepSecret(context, port(), '');
    return page(context, <Expired locked />);
  });
}

/** A document as browsers take it: without its first line they lay pages out as in the last century. */
const page = (context: Context<Env>, document: { toString(): string }, status: ContentfulStatusCode = 200) =>
  context.html(`<!doctype html>${document}`, status);

async function incidentPage(context: Context<Env>, library: Library, now: () => Date, status: 200 | 400) {
  const id = context.req.param('id') ?? '';
  const incident = await library.incident(id);
  if (!incident) return page(context, <NotFound what={`There is no incident ${plain(id)}.`} />, 404);
  const [run, definition] = await Promise.all([
    library.run(incident.execution),
    library.definition(incident.execution),
  ]);
  const path = `/incidents/${encodeURIComponent(id)}`;
  const wholeGraph = context.req.query('graph') === 'all';
  const frame = await frameOf(context, library, incident.id, wholeGraph ? `${path}?graph=all` : path);
  return page(
    context,
    <IncidentPage frame={frame} view={{ incident, run, definition, wholeGraph, now: now() }} />,
    status,
  );
}

async function frameOf(context: Context<Env>, library: Library, title: string, of: string): Promise<Frame> {
  const session = context.get('session');
  const [identity, waiting] = await Promise.all([library.identity(), library.waiting()]);
  const { said, ...rest } = session;
  // Said once, and not to a live update, which shows only a part of the page.
  if (said && context.req.header('x-cordon-live') === undefined) delete session.said;
  return { title, live: of, identity, session: { ...rest, ...(said ? { said } : {}) }, waiting: waiting.length };
}

/** The heads of a time, as far as they can be read. */
async function headsSince(library: Library, from: string): Promise<{ heads: Head[]; cut: boolean }> {
  const heads: Head[] = [];
  let after: { openedAt: string; id: string } | undefined;
  do {
    const page = await library.page({ from }, { limit: HEADS_AT_ONCE, ...(after ? { after } : {}) });
    heads.push(...page.heads);
    after = page.next;
  } while (after && heads.length < MOST_HEADS);
  return { heads, cut: after !== undefined };
}

function live(context: Context<Env>, { sessions, port }: AppDependencies, watched: Live) {
  const of = context.req.query('of') ?? '/';
  const own = secretOf(context, port());
  return streamSSE(context, async (stream) => {
    const over = new AbortController();
    stream.onAbort(() => over.abort());
    for await (const what of watched.changes(of, over.signal)) {
      if (!sessions.of(own, false)) {
        await stream.writeSSE({ event: 'expired', data: '' });
        return;
      }
      await stream.writeSSE({ event: what, data: '' });
    }
  });
}

const expired = (context: Context<Env>) => page(context, <Expired />, 401);

const Expired = ({ locked }: { locked?: boolean }) => (
  <MessagePage title={locked ? 'Locked' : 'This session is over'}>
    <p>To go on, press Enter in the terminal where the console runs: it gives a new link, which works once.</p>
  </MessagePage>
);

const NotFound = ({ what = 'There is no such page.' }: { what?: string }) => (
  <MessagePage title="Not found">
    <p>{what}</p>
    <p>
      <a href="/">Incidents</a>
    </p>
  </MessagePage>
);

const Forged = ({ why }: { why: string }) => (
  <MessagePage title="Refused">
    <p>Nothing was changed: {why}.</p>
    <p>
      <a href="/">Incidents</a>
    </p>
  </MessagePage>
);
