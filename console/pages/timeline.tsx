/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx';
import type { Head } from '../../handlers/incidents/items.ts';
import { detectedAt, momentsOf as ends, secondsToContain, secondsToDetect } from '../../playbooks/figures.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { clock, plain } from '../../playbooks/report/words.ts';
import { isMissing, type Missing, type Run } from '../library.ts';
import { type Knots, knotsOf, type Lane, labelled, lanes, type Moment, momentsOf, packed } from '../timeline.ts';
import { seconds } from '../words.ts';
import { Section, Text } from './parts.tsx';

const LANE_WORDS: Record<Lane, string> = {
  attack: 'Attack',
  record: 'Record',
  alarm: 'Detected',
  playbook: 'Playbook',
  containment: 'Containment',
  analyst: 'Analyst',
  mail: 'Mail',
};

const LEFT = 96;
const WIDTH = 980;
const PLOT = WIDTH - LEFT - 24;
const ROW = 16;
const TOP = 44;
/** As many bars as lie on one another in a lane at most. */
const MOST_ROWS = 4;
/** As many lines as the list has before the rest is folded. */
const MOST_LINES = 40;

/** The way from the attack to the mail: drawn, and as a list that says the same. */
export const Timeline: FC<{ incident: Incident & Head; run: Run | Missing; now: Date }> = ({ incident, run, now }) => {
  const moments = momentsOf(incident, isMissing(run) ? undefined : run);
  const end = (moment: Moment) => moment.until ?? (moment.text.endsWith('going on') ? now.getTime() : undefined);
  const drawn = moments.map((moment) => ({ ...moment, until: end(moment) })) as Moment[];
  const first = drawn[0]?.at ?? 0;
  return (
    <Section id="timeline" title="Timeline">
      {isMissing(run) ? (
        <p class="note">
          The playbook's steps are not shown: <Text of={run.missing} />
        </p>
      ) : null}
      <Drawing moments={drawn} incident={incident} />
      <details class="moments">
        <summary>The same as a list, {moments.length} moments</summary>
        <ol>
          {moments.slice(0, MOST_LINES).map((moment) => (
            <Line moment={moment} first={first} />
          ))}
        </ol>
        {moments.length > MOST_LINES ? (
          <details>
            <summary>{moments.length - MOST_LINES} more</summary>
            <ol start={MOST_LINES + 1}>
              {moments.slice(MOST_LINES).map((moment) => (
                <Line moment={moment} first={first} />
              ))}
            </ol>
          </details>
        ) : null}
        {!isMissing(run) && run.cut ? <p class="note">The execution has more history than is read here.</p> : null}
      </details>
    </Section>
  );
};

const Line: FC<{ moment: Moment; first: number }> = ({ moment, first }) => (
  <li class={moment.tone}>
    <time datetime={new Date(moment.at).toISOString()}>{clock(new Date(moment.at).toISOString())}</time>
    <span class="offset">+{seconds((moment.at - first) / 1000)}</span>
    <span class="lane">{LANE_WORDS[moment.lane]}</span>
    <span>
      <Text of={moment.text} />
    </span>
  </li>
);

const placeOf =
  ({ times, places }: Knots) =>
  (time: number): number =>
    LEFT + (places[times.indexOf(time)] ?? 0);

interface Bar extends Moment {
  from: number;
  to: number;
}

/** A lane with its bars in rows. */
function laneOf(lane: Lane, moments: Moment[], place: (time: number) => number) {
  const bars: Bar[] = moments
    .filter((moment) => moment.lane === lane)
    .map((moment) => {
      const from = place(moment.at);
      return { ...moment, from, to: Math.max(from + 9, place(moment.until ?? moment.at)) };
    });
  const rows = packed(bars, MOST_ROWS);
  return { lane, bars: rows, height: ROW * (1 + Math.max(0, ...rows.map(({ row }) => row))) };
}

const Drawing: FC<{ moments: Moment[]; incident: Incident & Head }> = ({ moments, incident }) => {
  const knots = knotsOf(moments, PLOT);
  const place = placeOf(knots);
  const measures = measuresOf(incident, place);
  const top = TOP + measures.length * 20;
  let y = top;
  const rows = lanes
    .map((lane) => laneOf(lane, moments, place))
    .filter(({ bars }) => bars.length > 0)
    .map((row) => {
      const at = y;
      y += row.height + 12;
      return { ...row, y: at };
    });
  return (
    <section class="scroll" tabindex={0} aria-label="Drawn timeline, can be scrolled sideways">
      <svg
        class="timeline"
        viewBox={`0 0 ${WIDTH} ${y + 8}`}
        width={WIDTH}
        height={y + 8}
        role="img"
        aria-labelledby="timeline-words"
      >
        <title id="timeline-words">{inWords(incident)}</title>
        {labelled(knots, 74).map(({ time, place: x }) => (
          <g class="tick">
            <line x1={LEFT + x} x2={LEFT + x} y1={26} y2={y} />
            <text x={LEFT + x} y={16}>
              {clock(new Date(time).toISOString())}
            </text>
          </g>
        ))}
        {measures.map(({ name, from, to, text, tone }, index) => (
          <g class={`measure ${tone}`}>
            <path
              d={`M${from} ${TOP + index * 20 - 8}V${TOP + index * 20 + 2}M${from} ${TOP + index * 20 - 3}H${to}m0 -5v10`}
            />
            <text x={Math.min(to + 6, WIDTH - 110)} y={TOP + index * 20 + 1}>
              {name} {text}
            </text>
          </g>
        ))}
        {rows.map(({ lane, bars, y: at, height }) => (
          <g class={`lane ${lane}`}>
            <rect class="ground" x={LEFT - 6} y={at - 3} width={PLOT + 24} height={height + 3} rx="3" />
            <text class="name" x={0} y={at + 9}>
              {LANE_WORDS[lane]}
            </text>
            {bars.map((bar) => (
              <g class={`bar ${bar.tone}`}>
                <title>{plain(bar.text)}</title>
                {bar.until === undefined ? (
                  <circle cx={bar.from} cy={at + bar.row * ROW + 5} r="5" />
                ) : (
                  <rect x={bar.from} y={at + bar.row * ROW} width={bar.to - bar.from} height="11" rx="2" />
                )}
              </g>
            ))}
          </g>
        ))}
      </svg>
      <p class="note">
        Times in UTC. Distances are not to scale: the longer the time between two moments, the more it is shortened.
      </p>
    </section>
  );
};

function measuresOf(incident: Incident & Head, place: (time: number) => number) {
  const { firstAt, containedAt } = ends(incident);
  const [ttd, ttc] = figures(incident);
  if (firstAt === undefined) return [];
  const from = place(Date.parse(firstAt));
  const end = (iso: string) => Math.max(from, place(Date.parse(iso)));
  return [
    ...(ttd === undefined
      ? []
      : [{ name: 'TTD', from, to: end(detectedAt(incident)), text: seconds(ttd), tone: 'detect' }]),
    ...(ttc === undefined || containedAt === undefined
      ? []
      : [{ name: 'TTC', from, to: end(containedAt), text: seconds(ttc), tone: 'contain' }]),
  ];
}

/** Time to detect and time to contain, in seconds, as far as they are known. */
export function figures(incident: Incident): [ttd: number | undefined, ttc: number | undefined] {
  const moments = ends(incident);
  return [secondsToDetect({ ...incident, ...moments }), secondsToContain(moments)];
}

function inWords(incident: Incident & Head): string {
  const [ttd, ttc] = figures(incident);
  return [
    `Timeline of ${incident.id}.`,
    ttd === undefined ? 'When it began is not known.' : `Detected ${seconds(ttd)} after the first call.`,
    ttc === undefined
      ? ends(incident).containedAt === undefined
        ? 'Nothing is contained.'
        : 'Contained; how long it took is not known.'
      : `Contained ${seconds(ttc)} after the first call.`,
  ].join(' ');
}
