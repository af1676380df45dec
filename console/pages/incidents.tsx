/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx';
import type { Head } from '../../handlers/incidents/items.ts';
import type { Page } from '../../handlers/incidents/pages.ts';
import { allDetections } from '../../playbooks/catalog.ts';
import { severities } from '../../playbooks/detection.ts';
import { secondsToContain, secondsToDetect } from '../../playbooks/figures.ts';
import { type Filter, pathOf, statuses } from '../filter.ts';
import { seconds } from '../words.ts';
import { type Frame, Layout } from './layout.tsx';
import { OutcomeText, SeverityBadge, StatusBadge, Text, Time } from './parts.tsx';

/** The list of incidents, newest first, with its filters. */
export const IncidentsPage: FC<{ frame: Frame; filter: Filter; page: Page; now: Date }> = ({
  frame,
  filter,
  page,
  now,
}) => (
  <Layout frame={frame} at="/">
    <div class="heading">
      <h1>Incidents</h1>
      <Filters filter={filter} />
    </div>
    <div id="list" data-live="">
      {page.unreadable.length > 0 ? (
        <p class="banner refused" role="alert">
          Not readable by this version of cordon, and left out: <Text of={page.unreadable.join(', ')} />
        </p>
      ) : null}
      {page.heads.length === 0 ? <Nothing filter={filter} page={page} /> : <Table heads={page.heads} now={now} />}
      <Pager filter={filter} page={page} />
    </div>
  </Layout>
);

const Filters: FC<{ filter: Filter }> = ({ filter }) => (
  <form method="get" action="/" class="filters" aria-label="Filter incidents">
    <Select name="status" label="Status" options={[...statuses]} chosen={filter.status} />
    <Select name="severity" label="Severity" options={[...severities].reverse()} chosen={filter.severity} />
    <Select name="detection" label="Detection" options={Object.keys(allDetections).sort()} chosen={filter.detection} />
    <button type="submit">Filter</button>
    {filter.status || filter.severity || filter.detection ? <a href="/">Clear</a> : null}
  </form>
);

const Select: FC<{ name: string; label: string; options: string[]; chosen: string | undefined }> = ({
  name,
  label,
  options,
  chosen,
}) => (
  <label>
    {label}
    <select name={name}>
      <option value="">any</option>
      {options.map((option) => (
        <option value={option} selected={option === chosen}>
          {option}
        </option>
      ))}
    </select>
  </label>
);

const Nothing: FC<{ filter: Filter; page: Page }> = ({ filter, page }) => (
  <p class="empty">
    {page.next
      ? 'Nothing matches among the newest incidents that were read. There are older ones.'
      : filter.status || filter.severity || filter.detection
        ? 'No incident matches.'
        : 'No incidents. That is how it should be; see under Figures whether the pipeline is well.'}
  </p>
);

const Table: FC<{ heads: Head[]; now: Date }> = ({ heads, now }) => (
  <table class="list" data-rows="">
    <caption class="hidden">Incidents, newest first</caption>
    <thead>
      <tr>
        <th scope="col">Severity</th>
        <th scope="col">Incident</th>
        <th scope="col">Opened</th>
        <th scope="col">Status</th>
        <th scope="col">Outcome</th>
        <th scope="col" class="number">
          <abbr title="Time to detect: from the first call to the alarm">TTD</abbr>
        </th>
        <th scope="col" class="number">
          <abbr title="Time to contain: from the first call to the last containment that was read back">TTC</abbr>
        </th>
      </tr>
    </thead>
    <tbody>
      {heads.map((head) => (
        <Row head={head} now={now} />
      ))}
    </tbody>
  </table>
);

const Row: FC<{ head: Head; now: Date }> = ({ head, now }) => {
  const [ttd, ttc] = [secondsToDetect(head), secondsToContain(head)];
  return (
    <tr class={head.status} data-id={head.id}>
      <td>
        <SeverityBadge severity={head.severity} />
      </td>
      <th scope="row">
        <a href={`/incidents/${encodeURIComponent(head.id)}`}>
          {allDetections[head.detection]?.title ?? head.detection}
        </a>
        <span class="id">
          <Text of={head.id} />
        </span>
      </th>
      <td>
        <Time iso={head.openedAt} now={now} />
      </td>
      <td>
        <StatusBadge status={head.status} />
      </td>
      <td>
        <OutcomeText outcome={head.outcome} />
        {head.marked ? <span class="badge tone quiet">{head.marked.as.replace('-', ' ')}</span> : null}
      </td>
      <td class="number" data-label="TTD">
        {ttd === undefined ? '–' : seconds(ttd)}
      </td>
      <td class="number" data-label="TTC">
        {ttc === undefined ? '–' : seconds(ttc)}
      </td>
    </tr>
  );
};

const Pager: FC<{ filter: Filter; page: Page }> = ({ filter, page }) => (
  <nav class="pager" aria-label="Pages of the list">
    {filter.after ? <a href={pathOf({ ...filter, after: undefined })}>Newest</a> : null}
    {page.next ? (
      <a rel="next" href={pathOf({ ...filter, after: page.next })}>
        {page.heads.length === 0
          ? `Look further back than ${page.next.openedAt.slice(0, 16).replace('T', ' ')}Z`
          : 'Older'}
      </a>
    ) : null}
  </nav>
);
