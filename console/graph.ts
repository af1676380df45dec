import dagre from '@dagrejs/dagre';
import * as z from 'zod';
import type { Run } from './library.ts';

const state: z.ZodType<AslState> = z.lazy(() =>
  z.looseObject({
    Type: z.string(),
    Next: z.string().optional(),
    Default: z.string().optional(),
    Choices: z.array(z.looseObject({ Next: z.string() })).optional(),
    Catch: z.array(z.looseObject({ Next: z.string() })).optional(),
    ItemProcessor: scope.optional(),
  }),
);
const scope: z.ZodType<AslScope> = z.looseObject({ StartAt: z.string(), States: z.record(z.string(), state) });

interface AslScope {
  StartAt: string;
  States: Record<string, AslState>;
}
interface AslState {
  Type: string;
  Next?: string | undefined;
  Default?: string | undefined;
  Choices?: { Next: string }[] | undefined;
  Catch?: { Next: string }[] | undefined;
  ItemProcessor?: AslScope | undefined;
}

/** A state with its place, in px: the middle and the size. */
export interface Node {
  name: string;
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** How often it was gone through. */
  visits: number;
  /** The execution is in it. */
  current: boolean;
  /** The loop that it is part of. */
  group?: string;
}

export interface Edge {
  from: string;
  to: string;
  points: { x: number; y: number }[];
  /** It is taken when something fails. */
  failure: boolean;
}

/** A loop around its states. */
export interface Group {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A state machine as it is drawn. */
export interface Graph {
  nodes: Node[];
  edges: Edge[];
  groups: Group[];
  width: number;
  height: number;
}

/** One state among all, with the loop that it is in. */
interface Flat {
  name: string;
  state: AslState;
  group?: string;
}

/** States and edges. With loops opened up, what leads to a loop leads to its first state, and its last lead on from it. */
function flatten(
  { StartAt, States }: AslScope,
  opened: boolean,
): { start: string; states: Flat[]; edges: Omit<Edge, 'points'>[] } {
  const states: Flat[] = [];
  const edges: Omit<Edge, 'points'>[] = [];
  const entry = (name: string): string => {
    const inner = States[name]?.ItemProcessor;
    return inner && opened ? inner.StartAt : name;
  };
  for (const [name, one] of Object.entries(States)) {
    const to = [one.Next, one.Default, ...(one.Choices ?? []).map(({ Next }) => Next)].filter(
      (next) => next !== undefined,
    );
    const failures = (one.Catch ?? []).map(({ Next }) => Next);
    const inner = opened ? one.ItemProcessor : undefined;
    const exits = inner ? lastOf(inner) : [name];
    if (inner) {
      const within = flatten(inner, opened);
      states.push(...within.states.map((each) => ({ ...each, group: name })));
      edges.push(...within.edges);
    } else states.push({ name, state: one });
    for (const from of exits) {
      edges.push(...to.map((next) => ({ from, to: entry(next), failure: false })));
      edges.push(...failures.map((next) => ({ from, to: entry(next), failure: true })));
    }
  }
  const unique = new Map(edges.map((edge) => [`${edge.from}\n${edge.to}\n${edge.failure}`, edge]));
  return { start: entry(StartAt), states, edges: [...unique.values()] };
}

/** The states of a loop that lead nowhere else in it. */
const lastOf = ({ States }: AslScope): string[] =>
  Object.entries(States)
    .filter(([, one]) => !one.Next && !one.Default && !one.Choices)
    .map(([name]) => name);

/** Text is drawn with this many px a character; what is too long is cut. */
const CHARACTER = 6.7;
const HEIGHT = 30;

/**
 * A state machine laid out from top to bottom, with the way that an execution took. A loop is one state, and states that only a
 * failure leads to are left out unless they were gone through; `all` shows everything.
 * @throws {z.ZodError | SyntaxError} where the definition is none
 */
export function graphOf(definition: string, run: Run | undefined, { all = false } = {}): Graph {
  const { start, states, edges } = flatten(scope.parse(JSON.parse(definition)), all);
  const visits = new Map<string, number>();
  for (const step of run?.steps ?? []) visits.set(step.state, (visits.get(step.state) ?? 0) + 1);
  const inside = new Set(run?.steps.filter(({ exitedAt }) => !exitedAt).map((step) => step.state));
  const shown = shownStates(start, states, edges, visits, all);

  const layout = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  layout.setGraph({ rankdir: 'TB', nodesep: 22, ranksep: 30, marginx: 10, marginy: 10 });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const { name, group } of states.filter((each) => shown.has(each.name))) {
    layout.setNode(name, { width: Math.round(name.length * CHARACTER) + 44, height: HEIGHT });
    if (group === undefined) continue;
    layout.setNode(`loop ${group}`, {});
    layout.setParent(name, `loop ${group}`);
  }
  const drawn = edges.filter(({ from, to }) => shown.has(from) && shown.has(to) && from !== to);
  for (const edge of drawn) layout.setEdge(edge.from, edge.to, { weight: edge.failure ? 0 : 2 }, String(edge.failure));
  dagre.layout(layout);

  const box = (name: string) => {
    const { x = 0, y = 0, width = 0, height = 0 } = layout.node(name);
    return { x, y, width, height };
  };
  const { width = 0, height = 0 } = layout.graph();
  return {
    nodes: states
      .filter((each) => shown.has(each.name))
      .map(({ name, state: one, group }) => ({
        ...{ name, type: one.Type, ...box(name), visits: visits.get(name) ?? 0, current: inside.has(name) },
        ...(group === undefined ? {} : { group }),
      })),
    edges: drawn.map((edge) => ({
      ...edge,
      points: layout.edge(edge.from, edge.to, String(edge.failure)).points ?? [],
    })),
    groups: [...new Set(states.flatMap(({ group, name }) => (group && shown.has(name) ? [group] : [])))].map(
      (name) => ({
        name,
        ...box(`loop ${name}`),
      }),
    ),
    width,
    height,
  };
}

function shownStates(
  start: string,
  states: Flat[],
  edges: Omit<Edge, 'points'>[],
  visits: Map<string, number>,
  all: boolean,
): Set<string> {
  if (all) return new Set(states.map(({ name }) => name));
  const shown = new Set<string>();
  const open = [start, ...states.filter(({ name }) => visits.has(name)).map(({ name }) => name)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (shown.has(name)) continue;
    shown.add(name);
    open.push(...edges.filter(({ from, failure }) => from === name && !failure).map(({ to }) => to));
  }
  return shown;
}
