/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx';
import type { Head } from '../../handlers/incidents/items.ts';
import type { StoredQuestion } from '../../handlers/incidents/questions.ts';
import { type Arrivals, isOverdue, latencyOf } from '../../playbooks/canary.ts';
import { severities } from '../../playbooks/detection.ts';
import { byWeek, type Spread, secondsToContain, secondsToDetect, spreadOf } from '../../playbooks/figures.ts';
import type { Check } from '../library.ts';
import { ago, count, seconds } from '../words.ts';
import { Bars, type Chart, Durations } from './charts.tsx';
import { type Frame, Layout } from './layout.tsx';
import { Command, Section, Text } from './parts.tsx';

/** What the figures' page shows. */
export interface FiguresView {
  heads: readonly Head[];
  /** Mondays, oldest first. */
  weeks: string[];
  waiting: readonly StoredQuestion[];
  /** The last canaries that came through. */
  canaries: Arrivals;
  health: readonly Check[];
  cut: boolean;
  now: Date;
}

/** How well it goes: times, what waits, what failed, and whether the pipeline is well. */
export const FiguresPage: FC<{ frame: Frame; view: FiguresView }> = ({ frame, view }) => {
  const detected = spreadOf(view.heads.map(secondsToDetect));
  const contained = spreadOf(view.heads.map(secondsToContain));
  const failures = view.heads.flatMap((head) => head.failures.map((failure) => ({ ...failure, id: head.id })));
  const approvals = view.waiting.filter(({ kind }) => kind === 'approval');
  return (
    <Layout frame={frame} at="/figures">
      <div class="heading">
        <h1>Figures</h1>
        <span class="quiet">the last {view.weeks.length} weeks</span>
      </div>
      {view.cut ? (
        <p class="note">There are more incidents in these weeks than were read: the oldest are left out.</p>
      ) : null}
      <dl class="tiles big" id="tiles" data-live="">
        <SpreadTile name="MTTD" title="Mean time to detect" spread={detected} />
        <SpreadTile name="MTTC" title="Mean time to contain" spread={contained} />
        <div>
          <dt>Open approvals</dt>
          <dd>
            <a href="/waiting">{approvals.length}</a>
            <span class="quiet">
              {approvals.length > 0
                ? `oldest asked ${ago(approvals.map(({ askedAt }) => askedAt).sort()[0] ?? '', view.now)}`
                : 'nobody is waited for'}
            </span>
          </dd>
        </div>
        <div>
          <dt>Need an analyst</dt>
          <dd>
            {view.heads.filter(({ status, outcome }) => status !== 'closed' && outcome === 'needs-analyst').length}
            <span class="quiet">of {count(view.heads.length, 'incident')}</span>
          </dd>
        </div>
        <div>
          <dt>Failures</dt>
          <dd>
            {failures.length}
            <span class="quiet">steps that failed for good</span>
          </dd>
        </div>
        <CanaryTile canaries={view.canaries} now={view.now} />
      </dl>
      <div class="charts" id="charts" data-live="">
        <Bars chart={incidentsChart(view)} />
        <Durations chart={timesChart(view)} />
      </div>
      <Health checks={view.health} />
      {failures.length > 0 ? <Failures failures={failures} /> : null}
    </Layout>
  );
};

/** How long the last harmless call took to its playbook: that the pipeline is alive, and how quick it is. */
const CanaryTile: FC<{ canaries: Arrivals; now: Date }> = ({ canaries: { alarm, event }, now }) => {
  const overdue = alarm === undefined || isOverdue(alarm, now);
  return (
    <div id="canary">
      <dt>
        <abbr title="The last harmless call that went the way of an incident, from the call to its playbook">
          Canary
        </abbr>
      </dt>
      <dd>
        {alarm ? seconds(latencyOf(alarm) / 1000) : 'none yet'}
        <span class={overdue ? 'tone bad' : 'quiet'}>
          {overdue ? 'OVERDUE: attacks may start no playbook' : 'by the alarm'}
          {alarm ? `, came through ${ago(alarm.arrivedAt, now)}` : ''}
          {event ? `, ${seconds(latencyOf(event) / 1000)} by the event` : ''}
        </span>
      </dd>
    </div>
  );
};

const SpreadTile: FC<{ name: string; title: string; spread: Spread | undefined }> = ({ name, title, spread }) => (
  <div>
    <dt>
      <abbr title={title}>{name}</abbr>
    </dt>
    <dd>
      {spread ? seconds(spread.mean) : 'not known'}
      <span class="quiet">
        {spread
          ? `median ${seconds(spread.median)}, nine of ten within ${seconds(spread.ninth)}, of ${count(spread.count, 'incident')}`
          : 'no incident says when it began'}
      </span>
    </dd>
  </div>
);

function incidentsChart({ heads, weeks }: FiguresView): Chart {
  const slots = byWeek(heads, weeks);
  return {
    id: 'incidents-per-week',
    title: 'Incidents per week',
    across: 'Week of',
    places: weeks,
    series: [...severities].reverse().map((severity) => ({
      name: severity,
      class: severity.toLowerCase(),
      values: slots.map((week) => week.filter((head) => head.severity === severity).length),
    })),
  };
}

function timesChart({ heads, weeks }: FiguresView): Chart {
  const slots = byWeek(heads, weeks);
  const mean = (measure: (head: Head) => number | undefined) => slots.map((week) => spreadOf(week.map(measure))?.mean);
  return {
    id: 'times-per-week',
    title: 'Mean time to detect and to contain',
    across: 'Week of',
    places: weeks,
    series: [
      { name: 'MTTD', class: 'detect', values: mean(secondsToDetect) },
      { name: 'MTTC', class: 'contain', values: mean(secondsToContain) },
    ],
  };
}

const LOOKS = {
  ok: { sign: '✓', word: 'well', tone: 'good' },
  todo: { sign: '✕', word: 'TO DO', tone: 'bad' },
  info: { sign: '–', word: 'note', tone: 'quiet' },
} as const;

const Health: FC<{ checks: readonly Check[] }> = ({ checks }) => (
  <Section id="health" title="Pipeline">
    <table class="plain health">
      <caption class="hidden">How each part of the pipeline is</caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">State</th>
          <th scope="col">Found</th>
        </tr>
      </thead>
      <tbody>
        {checks.map(({ check, state, says, todo = [] }) => (
          <tr>
            <th scope="row">{check}</th>
            <td>
              <span class={`badge tone ${LOOKS[state].tone}`}>
                <span aria-hidden="true">{LOOKS[state].sign}</span> {LOOKS[state].word}
              </span>
            </td>
            <td>
              <Text of={says} />
              {todo.map((one) => (
                <Command of={one} />
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Section>
);

const Failures: FC<{ failures: { id: string; step: string; error: string; at: string }[] }> = ({ failures }) => (
  <Section id="failures" title="Failures">
    <ul>
      {failures.slice(0, 20).map(({ id, step, error }) => (
        <li>
          <a href={`/incidents/${encodeURIComponent(id)}`}>
            <Text of={id} />
          </a>
          : {step}: <Text of={error} />
        </li>
      ))}
    </ul>
    {failures.length > 20 ? <p class="note">and {failures.length - 20} more</p> : null}
  </Section>
);
