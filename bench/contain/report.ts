import type { BenchResult } from '../bench.ts';
import { type Spread, spread } from '../statistics.ts';
import { markdownTable, type Table, textTable } from '../table.ts';
import type { Measurement } from './contain.ts';
import { isFlat } from './counting.ts';
import type { Play } from './play.ts';
import type { Sample } from './sample.ts';

/** The action alone may take so many times the bare calls. */
export const TARGET = 5;

interface Counts {
  alone: number;
  atOnce: number;
}

type Scenario = { name: string; plays: readonly Play[] };

/** What was measured, in tables and for programs. */
export function reportOf(measurements: readonly Measurement[], { alone, atOnce }: Counts): BenchResult {
  const sections: { title: string; table: Table }[] = [
    { title: 'From the delivery of the record to contained and verified', table: timesTable(measurements, atOnce) },
    { title: 'The containing action beside the same calls by hand', table: bareTable(measurements, atOnce) },
    { title: 'Work of one incident, up to its first summary', table: workTable(measurements, atOnce) },
  ];
  const verdict = verdicts(measurements, atOnce);
  const data = { target: TARGET, plays: { alone, atOnce }, playbooks: measurements.map(plainly) };
  return {
    data,
    text: [...sections.flatMap(({ title, table }) => [title, '', textTable(table), '']), ...verdict].join('\n'),
    markdown: [
      ...sections.flatMap(({ title, table }) => [`**${title}**`, '', markdownTable(table), '']),
      ...verdict.map((line) => `- ${line}`),
    ].join('\n'),
  };
}

const scenarios = ({ first, alone, atOnceFirst, atOnce }: Measurement, many: number): Scenario[] => [
  { name: 'alone, first (cold)', plays: [first] },
  { name: 'alone', plays: alone },
  { name: `${many} at once, first (cold)`, plays: [atOnceFirst] },
  { name: `${many} at once`, plays: [atOnce] },
];

const samplesOf = (plays: readonly Play[]): Sample[] => plays.flatMap(({ samples }) => samples);

function timesTable(measurements: readonly Measurement[], many: number): Table {
  return {
    head: [
      'playbook of',
      'incidents',
      'n',
      'started p50',
      'contained p50',
      'p95',
      'of it in functions p50',
      'reported p50',
      'p95',
    ],
    rows: measurements.flatMap((measured) =>
      scenarios(measured, many).map(({ name, plays }) => {
        const samples = samplesOf(plays);
        const contained = spread(samples.map((sample) => sample.contained));
        const reported = spread(samples.map((sample) => sample.reported));
        return [
          ...[measured.detection, name, String(samples.length)],
          ...[ms(spread(samples.map(({ started }) => started))?.p50), ms(contained?.p50), ms(contained?.p95)],
          ...[ms(spread(samples.map(({ inFunctions }) => inFunctions))?.p50), ms(reported?.p50), ms(reported?.p95)],
        ];
      }),
    ),
  };
}

/** The measured action beside calls by hand. */
interface Comparison {
  action: string;
  calls: string;
  name: string;
  by: Spread;
  inside: Spread;
  wall: Spread;
}

function comparisons(measurements: readonly Measurement[], many: number): Comparison[] {
  return measurements.flatMap(({ action, byHand, alone, atOnce }) =>
    byHand.flatMap(({ calls, times }) => {
      const compare = (name: string, plays: readonly Play[], by: Spread | undefined): Comparison[] => {
        const took = samplesOf(plays).flatMap((sample) => sample.action ?? []);
        const inside = spread(took.map(({ functions }) => functions));
        const wall = spread(took.map(({ wall }) => wall));
        return action && by && inside && wall ? [{ action, calls, name, by, inside, wall }] : [];
      };
      return [
        ...compare('alone', alone, spread(times.alone)),
        ...compare(`${many} at once`, [atOnce], spread(times.atOnce)),
      ];
    }),
  );
}

function bareTable(measurements: readonly Measurement[], many: number): Table {
  return {
    head: [
      'calls by hand',
      'incidents',
      'p50',
      'p95',
      'action in functions p50',
      'p95',
      'ratio',
      'by the clock p50',
      'p95',
      'ratio',
    ],
    rows: comparisons(measurements, many).map(({ calls, name, by, inside, wall }) => [
      ...[calls, name, ms(by.p50), ms(by.p95)],
      ...[ms(inside.p50), ms(inside.p95), factor(inside.p50 / by.p50)],
      ...[ms(wall.p50), ms(wall.p95), factor(wall.p50 / by.p50)],
    ]),
  };
}

function workTable(measurements: readonly Measurement[], many: number): Table {
  return {
    head: [
      'playbook of',
      'API calls alone',
      `of each of ${many} at once`,
      'states alone',
      `of each of ${many} at once`,
      'flat',
    ],
    rows: measurements.map((measured) => {
      const { calls, states } = workOf(measured);
      return [
        measured.detection,
        ...[calls.alone, calls.atOnce, states.alone, states.atOnce].map((value) => String(Math.round(value * 10) / 10)),
        isFlatWork(measured) ? 'yes' : 'no',
      ];
    }),
  };
}

/** API calls and state transitions of an incident alone and of one among many. */
export function workOf({ alone, atOnce }: Pick<Measurement, 'alone' | 'atOnce'>) {
  const perIncident = ({ calls, samples }: Play): number => calls / samples.length;
  const states = (plays: readonly Play[]): number => mean(samplesOf(plays).map(({ transitions }) => transitions));
  return {
    calls: { alone: mean(alone.map(perIncident)), atOnce: perIncident(atOnce) },
    states: { alone: states(alone), atOnce: states([atOnce]) },
  };
}

function isFlatWork(measured: Measurement): boolean {
  const { calls, states } = workOf(measured);
  return isFlat(calls.alone, calls.atOnce) && isFlat(states.alone, states.atOnce);
}

/** How the targets were met, a sentence each. */
function verdicts(measurements: readonly Measurement[], many: number): string[] {
  return [
    ...comparisons(measurements, many)
      .filter(({ name }) => name === 'alone')
      .map(({ calls, by, inside, wall }) => {
        const met = (value: number): string => `${factor(value)} (${value <= TARGET ? 'met' : 'MISSED'})`;
        return `${calls}, alone, target at most ${TARGET} x the calls by hand: ${met(inside.p50 / by.p50)} in its functions, ${met(wall.p50 / by.p50)} by the clock.`;
      }),
    ...measurements.map((measured) => {
      const { calls, states } = workOf(measured);
      const more = (alone: number, many: number): string => `${(many / alone).toFixed(2)} x`;
      return `${measured.detection}, work of an incident among many, target flat: ${more(calls.alone, calls.atOnce)} the calls and ${more(states.alone, states.atOnce)} the states of one alone (${isFlatWork(measured) ? 'met' : 'MISSED'}).`;
    }),
  ];
}

/** Everything that was measured, without what follows from it. */
function plainly(measured: Measurement): object {
  return { ...measured, work: workOf(measured) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const factor = (value: number): string => `${value.toFixed(1)} x`;
const ms = (value: number | undefined): string => (value === undefined ? '-' : `${Math.round(value)} ms`);
