/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx';
import { actions as catalog } from '../../handlers/actions/catalog.ts';
import type { Head } from '../../handlers/incidents/items.ts';
import { allDetections, responses } from '../../playbooks/catalog.ts';
import { differenceSection } from '../../playbooks/difference.ts';
import { detectedAt, momentsOf } from '../../playbooks/figures.ts';
import type { ActionRecord, Incident, IncidentEvent } from '../../playbooks/incident.ts';
import { openReasons } from '../../playbooks/outcome.ts';
import type { Missing, Run } from '../library.ts';
import { count, json, seconds, shortArn } from '../words.ts';
import { PlaybookGraph } from './graph.tsx';
import { type Frame, Layout } from './layout.tsx';
import { ActionBadge, OutcomeText, RunbookLink, Section, SeverityBadge, StatusBadge, Text, Time } from './parts.tsx';
import { Answered, Hidden, OpenQuestions, type Posting, ReadOnlyNote } from './questions.tsx';
import { figures, Timeline } from './timeline.tsx';

/** All that one incident's page shows. */
export interface IncidentView {
  incident: Incident & Head;
  run: Run | Missing;
  definition: string | Missing;
  /** The whole graph, also what only failures lead to. */
  wholeGraph: boolean;
  now: Date;
}

/** One incident: how it stands, what it asks, what happened, what was done. */
export const IncidentPage: FC<{ frame: Frame; view: IncidentView }> = ({ frame, view }) => {
  const { incident, run, definition, wholeGraph, now } = view;
  const path = `/incidents/${encodeURIComponent(incident.id)}`;
  const posting: Posting = {
    path,
    csrf: frame.session.csrf,
    prefix: frame.identity.prefix,
    readOnly: frame.identity.mayAnswer === false,
  };
  return (
    <Layout frame={frame} at="">
      <Summary incident={incident} now={now} />
      <StillOpen incident={incident} />
      <Found incident={incident} />
      <OpenQuestions incident={incident} posting={posting} />
      <Timeline incident={incident} run={run} now={now} />
      <Actions incident={incident} posting={posting} />
      <Actors incident={incident} />
      <Answered incident={incident} />
      <PlaybookGraph definition={definition} run={run} all={wholeGraph} path={path} />
      <Events events={incident.events} />
      <MarkForm incident={incident} posting={posting} />
    </Layout>
  );
};

const Summary: FC<{ incident: Incident & Head; now: Date }> = ({ incident, now }) => {
  const [ttd, ttc] = figures(incident);
  const { id, severity, status, outcome, marked, account, region, openedAt, closedAt, evidence } = incident;
  return (
    <section id="summary" aria-labelledby="summary-title" data-live="">
      <p class="crumbs">
        <a href="/">Incidents</a> / <Text of={id} />
      </p>
      <h1 id="summary-title">{allDetections[incident.detection]?.title ?? incident.detection}</h1>
      <p class="badges">
        <SeverityBadge severity={severity} /> <StatusBadge status={status} /> <OutcomeText outcome={outcome} />
        {marked ? (
          <span class="badge tone quiet">
            {marked.as.replace('-', ' ')}, says {shortArn(marked.by)}
          </span>
        ) : null}
      </p>
      <dl class="tiles">
        <Tile name="Time to detect" value={ttd === undefined ? 'not known' : seconds(ttd)} />
        <Tile name="Time to contain" value={ttc === undefined ? withoutFigure(incident) : seconds(ttc)} />
        <Tile name={`Detected by ${incident.lane ?? 'alarm'}`} value={<Time iso={detectedAt(incident)} now={now} />} />
        <Tile name="Opened" value={<Time iso={openedAt} />} />
        {closedAt ? (
          <Tile name={status === 'closed' ? 'Closed' : 'Handed over'} value={<Time iso={closedAt} />} />
        ) : null}
        <Tile name="Account" value={`${account}, ${region}`} />
        <Tile name="Runbook" value={<RunbookLink detection={incident.detection} />} />
        <Tile
          name="Evidence"
          value={
            <code>
              <Text of={evidence} />
            </code>
          }
        />
      </dl>
    </section>
  );
};

/** What was contained, while nobody knows when it began, took some time as well. */
const withoutFigure = (incident: Incident): string =>
  momentsOf(incident).containedAt === undefined ? 'nothing contained' : 'not known';

const Tile: FC<{ name: string; value: Child }> = ({ name, value }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

const StillOpen: FC<{ incident: Incident }> = ({ incident }) => {
  const response = responses[allDetections[incident.detection]?.response ?? ''];
  const reasons = incident.outcome && response ? openReasons(incident, response) : [];
  return (
    <div id="still-open" data-live="">
      {reasons.length > 0 ? (
        <div class="banner open">
          <strong>Still open</strong>
          <ul>
            {reasons.map((reason) => (
              <li>
                <Text of={reason} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
};

/** What the watchdog found by reading the state itself: there may be no record of who did it. */
const Found: FC<{ incident: Incident }> = ({ incident }) => {
  const { heading, lines } = differenceSection(incident);
  if (lines.length === 0) return null;
  return (
    <Section id="found" title={heading}>
      <ul>
        {lines.map((line) => (
          <li>
            <Text of={line} />
          </li>
        ))}
      </ul>
    </Section>
  );
};

const Actions: FC<{ incident: Incident; posting: Posting }> = ({ incident, posting }) => (
  <Section id="actions" title="What cordon did">
    {incident.actions.length === 0 ? <p class="empty">No action was called for.</p> : null}
    {incident.actions.map((action) => (
      <Action action={action} posting={posting} />
    ))}
  </Section>
);

const Action: FC<{ action: ActionRecord; posting: Posting }> = ({ action, posting }) => {
  const { key, title, label, status, reason, at, approvedBy, undoneBy } = action;
  const last = at[status];
  return (
    <article class="action" id={`action-${key}`} aria-labelledby={`action-${key}-title`}>
      <h3 id={`action-${key}-title`}>
        <ActionBadge status={status} /> <Text of={title} />, <Text of={label} />
      </h3>
      <p class="quiet">
        {last ? <Time iso={last} /> : null} <code>{key}</code>
        {approvedBy?.length ? `, approved by ${approvedBy.map(shortArn).join(' and ')}` : ''}
        {undoneBy && status === 'undone' ? `, undone by ${shortArn(undoneBy)}` : ''}
      </p>
      {reason ? (
        <p>
          {status === 'undone' ? 'Why: ' : 'Because: '}
          <Text of={reason} />
        </p>
      ) : null}
      <BeforeAfter action={action} />
      <UndoForm action={action} posting={posting} />
    </article>
  );
};

const BeforeAfter: FC<{ action: ActionRecord }> = ({ action: { before, after, beforeWords, afterWords, status } }) => {
  if (beforeWords === undefined && before === undefined) return null;
  return (
    <div class="compare">
      <div>
        <h4>Before</h4>
        <p>
          <Text of={beforeWords} />
        </p>
        {before === undefined ? null : <Raw name="state before, as captured" value={before} />}
      </div>
      <div>
        <h4>After</h4>
        <p>
          {afterWords === undefined ? (
            <span class="quiet">{status === 'proposed' || status === 'monitored' ? 'not done' : 'not read back'}</span>
          ) : (
            <Text of={afterWords} />
          )}
        </p>
        {after === undefined ? null : <Raw name="state after, as read back" value={after} />}
      </div>
    </div>
  );
};

const Raw: FC<{ name: string; value: unknown }> = ({ name, value }) => (
  <details>
    <summary>{name}</summary>
    <pre class="json" tabindex={0}>
      {json(value)}
    </pre>
  </details>
);

/** Whether undo would have something to put back. */
const canUndo = ({ status, irreversible, action }: ActionRecord): boolean =>
  (status === 'verified' || status === 'contained') && !irreversible && action in catalog;

const UndoForm: FC<{ action: ActionRecord; posting: Posting }> = ({ action, posting }) => {
  const { key, title, label, irreversible, status } = action;
  if (irreversible && status === 'verified') return <p class="quiet">Cannot be undone: {irreversible}</p>;
  if (!canUndo(action) || posting.readOnly) return null;
  return (
    <details class="undo">
      <summary>Undo</summary>
      <form method="post" action={posting.path} class="answer">
        <Hidden csrf={posting.csrf} fields={{ key }} />
        <label for={`undo-${key}`}>Reason</label>
        <textarea
          id={`undo-${key}`}
          name="note"
          required
          maxlength={2000}
          rows={2}
          placeholder="Why? The ledger keeps it."
        />
        <label class="check">
          <input type="checkbox" name="force" value="yes" /> Also when it was changed since
        </label>
        <div class="buttons">
          <button type="submit" name="answer" value="undo" class="danger" data-confirm={`Undo: ${title}, ${label}?`}>
            Undo this
          </button>
        </div>
      </form>
    </details>
  );
};

const Actors: FC<{ incident: Incident }> = ({ incident }) => {
  const actors = new Map<string, IncidentEvent[]>();
  for (const event of incident.events) actors.set(event.actor.key, [...(actors.get(event.actor.key) ?? []), event]);
  const targets = new Map(incident.actions.map(({ label, action }) => [label, action]));
  return (
    <Section id="who" title="Actors and targets">
      <div class="columns">
        {actors.size === 0 ? (
          <div>
            <h3>Actors</h3>
            <p class="quiet">Nobody is known: the incident has no record of a call.</p>
          </div>
        ) : (
          <table class="plain">
            <caption>Actors</caption>
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">Calls</th>
                <th scope="col">From, with</th>
              </tr>
            </thead>
            <tbody>
              {[...actors.values()].map((events) => (
                <ActorRow events={events} />
              ))}
            </tbody>
          </table>
        )}
        <div>
          <h3>Targets</h3>
          {targets.size === 0 ? <p class="quiet">None was acted on.</p> : null}
          <ul>
            {[...targets.keys()].map((label) => (
              <li>
                <Text of={label} />
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Section>
  );
};

const ActorRow: FC<{ events: IncidentEvent[] }> = ({ events }) => {
  const actor = events[0]?.actor;
  const distinct = (values: (string | null | undefined)[]) => [...new Set(values.filter((value) => value))] as string[];
  const verdicts = distinct(events.map(({ verdict }) => verdict));
  return (
    <tr>
      <th scope="row">
        <Text of={actor?.label} />
        <span class="id">
          <Text of={actor?.arn} />
        </span>
      </th>
      <td>
        {count(events.length, 'call')}
        <div class="quiet">{verdicts.join(', ')}</div>
      </td>
      <td>
        {distinct(events.map(({ record }) => record.sourceIPAddress)).map((address) => (
          <div>
            <Text of={address} />
          </div>
        ))}
        {distinct(events.map(({ record }) => record.userAgent)).map((agent) => (
          <div class="quiet">
            <Text of={agent} />
          </div>
        ))}
      </td>
    </tr>
  );
};

/** As many records as stand on the page; the evidence has all. */
const MOST_RECORDS = 100;

const Events: FC<{ events: IncidentEvent[] }> = ({ events }) => (
  <Section id="records" title={`Records: ${events.length}`}>
    {events.length === 0 ? <p class="empty">No record of a call belongs to this incident.</p> : null}
    {events.slice(0, MOST_RECORDS).map(({ record, actor, verdict, reason, deliveredAt }) => (
      <details class="record">
        <summary>
          <Time iso={record.eventTime} />{' '}
          <strong>
            <Text of={record.eventName ?? 'a call'} />
          </strong>{' '}
          <span class={`badge tone ${verdict === 'offence' ? 'bad' : 'quiet'}`}>{verdict}</span>{' '}
          <Text of={actor.label} />
        </summary>
        {reason ? (
          <p>
            <Text of={reason} />
          </p>
        ) : null}
        {deliveredAt ? (
          <p class="quiet">
            In the log group at <Time iso={deliveredAt} />
          </p>
        ) : null}
        <pre class="json" tabindex={0}>
          {json(record)}
        </pre>
      </details>
    ))}
    {events.length > MOST_RECORDS ? (
      <p class="note">{events.length - MOST_RECORDS} more are in the evidence, in records.ndjson.</p>
    ) : null}
  </Section>
);

const MarkForm: FC<{ incident: Incident; posting: Posting }> = ({ incident: { marked }, posting }) => (
  <Section id="mark" title="Was it a true alarm?">
    {marked ? (
      <p>
        {marked.as.replace('-', ' ')}, says {shortArn(marked.by)}, <Time iso={marked.at} />:{' '}
        <q>
          <Text of={marked.note} />
        </q>
      </p>
    ) : (
      <p class="quiet">Nobody has said so yet. It counts in the detection's figures and changes nothing else.</p>
    )}
    {posting.readOnly ? (
      <ReadOnlyNote posting={posting} />
    ) : (
      <form method="post" action={posting.path} class="answer">
        <Hidden csrf={posting.csrf} fields={{ answer: 'mark' }} />
        <label for="mark-note">Note</label>
        <textarea id="mark-note" name="note" required maxlength={2000} rows={2} placeholder="What was it?" />
        <div class="buttons">
          <button type="submit" name="mark" value="false-positive">
            False positive
          </button>
          <button type="submit" name="mark" value="true-positive">
            True positive
          </button>
        </div>
      </form>
    )}
  </Section>
);
