/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { scaleBand, scaleLinear, scaleLog } from 'd3-scale';
import { line, stack } from 'd3-shape';
import type { FC } from 'hono/jsx';
import { seconds } from '../words.ts';

/** Values of several series at the same places, such as weeks. */
export interface Chart {
  /** Also the page's id of it. */
  id: string;
  title: string;
  /** What is on the horizontal axis: `Week of`. */
  across: string;
  places: string[];
  /** `class` is what the style sheet colours it by. */
  series: { name: string; class: string; values: (number | undefined)[] }[];
}

const WIDTH = 560;
const HEIGHT = 210;
const MARGIN = { left: 46, right: 10, top: 10, bottom: 26 };

/** A place on the axis, short enough to stand beside eleven others: the day of a week's Monday. */
const short = (place: string): string => place.slice(5).replace('-', '/');

/** The chart's drawing in a figure with its legend, and the same numbers as a table. */
const Frame: FC<{ chart: Chart; words: string; format: (value: number) => string; children?: unknown }> = ({
  chart,
  words,
  format,
  children,
}) => (
  <figure class="chart">
    <figcaption>
      {chart.title}
      <span class="legend">
        {chart.series.map(({ name, class: colour }) => (
          <span>
            <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" rx="2" class={colour} />
            </svg>{' '}
            {name}
          </span>
        ))}
      </span>
    </figcaption>
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={`${chart.id}-words`}>
      <title id={`${chart.id}-words`}>{`${chart.title}. ${words} The table below has the numbers.`}</title>
      {children as never}
    </svg>
    <details>
      <summary>Numbers</summary>
      <table class="plain">
        <caption class="hidden">{chart.title}</caption>
        <thead>
          <tr>
            <th scope="col">{chart.across}</th>
            {chart.series.map(({ name }) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {chart.places.map((place, index) => (
            <tr>
              <th scope="row">{place}</th>
              {chart.series.map(({ values }) => (
                <td class="number">{values[index] === undefined ? '–' : format(values[index] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  </figure>
);

const bands = (places: string[]) =>
  scaleBand<string>()
    .domain(places)
    .range([MARGIN.left, WIDTH - MARGIN.right])
    .padding(0.25);

const Axes: FC<{ chart: Chart; ticks: number[]; y: (value: number) => number; format: (value: number) => string }> = ({
  chart,
  ticks,
  y,
  format,
}) => {
  const x = bands(chart.places);
  return (
    <g class="axes">
      {ticks.map((tick) => (
        <>
          <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text class="left" x={MARGIN.left - 6} y={y(tick) + 4}>
            {format(tick)}
          </text>
        </>
      ))}
      {chart.places.map((place) => (
        <text class="below" x={(x(place) ?? 0) + x.bandwidth() / 2} y={HEIGHT - 8}>
          {short(place)}
        </text>
      ))}
    </g>
  );
};

/** Bars of whole numbers, the series stacked on one another. */
export const Bars: FC<{ chart: Chart }> = ({ chart }) => {
  const { places, series } = chart;
  const x = bands(places);
  const totals = places.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const y = scaleLinear()
    .domain([0, Math.max(4, ...totals)])
    .nice(4)
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const stacked = stack<unknown, number, number>()
    .keys(series.keys())
    .value((index, key) => series[key]?.values[index as number] ?? 0)(places.keys());
  const whole = (value: number): string => String(Math.round(value));
  const words = `${totals.reduce((sum, total) => sum + total, 0)} in all, ${totals.at(-1) ?? 0} in the last.`;
  return (
    <Frame chart={chart} words={words} format={whole}>
      <Axes chart={chart} ticks={y.ticks(4).filter(Number.isInteger)} y={y} format={whole} />
      {stacked.map((layer, key) =>
        layer.map(([from, to], index) =>
          to > from ? (
            <rect
              class={series[key]?.class}
              x={x(places[index] ?? '') ?? 0}
              width={x.bandwidth()}
              y={y(to)}
              height={y(from) - y(to)}
            >
              <title>{`${places[index]}: ${to - from} ${series[key]?.name}`}</title>
            </rect>
          ) : null,
        ),
      )}
    </Frame>
  );
};

const DURATIONS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800];

/** Lines of durations in seconds, on a scale where each step is some times the one before: from seconds to days. */
export const Durations: FC<{ chart: Chart }> = ({ chart }) => {
  const { places, series } = chart;
  const x = bands(places);
  const known = series.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const most = DURATIONS.find((step) => step >= Math.max(60, ...known)) ?? 604_800;
  const y = scaleLog()
    .domain([1, most])
    .range([HEIGHT - MARGIN.bottom, MARGIN.top])
    .clamp(true);
  const height = (value: number): number => y(Math.max(1, value));
  const words = series
    .map(({ name, values }) => {
      const last = values.findLast((value) => value !== undefined);
      return `${name}: ${last === undefined ? 'not known' : `${seconds(last)} at last`}.`;
    })
    .join(' ');
  return (
    <Frame chart={chart} words={words} format={seconds}>
      <Axes chart={chart} ticks={DURATIONS.filter((step) => step <= most)} y={height} format={seconds} />
      {series.map(({ name, class: colour, values }) => {
        const points = places.flatMap((place, index) => {
          const value = values[index];
          return value === undefined
            ? []
            : [{ place, value, x: (x(place) ?? 0) + x.bandwidth() / 2, y: height(value) }];
        });
        return (
          <g class={`line ${colour}`}>
            <path
              d={
                line<{ x: number; y: number }>(
                  (point) => point.x,
                  (point) => point.y,
                )(points) ?? ''
              }
            />
            {points.map((point) => (
              <circle cx={point.x} cy={point.y} r="3.5">
                <title>{`${point.place}: ${name} ${seconds(point.value)}`}</title>
              </circle>
            ))}
          </g>
        );
      })}
    </Frame>
  );
};

/** A row of little bars within a line of text; `words` says what they show. */
export const Sparkline: FC<{ values: number[]; words: string }> = ({ values, words }) => {
  const most = Math.max(1, ...values);
  return (
    <svg class="spark" viewBox={`0 0 ${values.length * 8} 24`} width={values.length * 8} height="24" role="img">
      <title>{words}</title>
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(3, Math.round((value / most) * 22));
        return <rect x={index * 8} y={24 - height} width="6" height={height} class={value === 0 ? 'none' : 'some'} />;
      })}
    </svg>
  );
};
