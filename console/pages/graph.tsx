/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { line } from 'd3-shape';
import type { FC } from 'hono/jsx';
import { clock } from '../../playbooks/report/words.ts';
import { type Graph, graphOf, type Node } from '../graph.ts';
import { isMissing, type Missing, type Run } from '../library.ts';
import { seconds } from '../words.ts';
import { Section, Text } from './parts.tsx';

/** The playbook's state machine, with the way that this incident took through it. */
export const PlaybookGraph: FC<{
  definition: string | Missing;
  run: Run | Missing;
  all: boolean;
  /** The page's own path. */
  path: string;
}> = ({ definition, run, all, path }) => (
  <Section
    id="playbook"
    title="Playbook"
    aside={
      isMissing(definition) ? null : (
        <a href={all ? `${path}#playbook` : `${path}?graph=all#playbook`}>
          {all ? 'Show the way in short' : 'Show every state'}
        </a>
      )
    }
  >
    {isMissing(definition) ? (
      <p class="note">
        The graph is not shown: <Text of={definition.missing} />
      </p>
    ) : (
      <Drawing definition={definition} run={isMissing(run) ? undefined : run} all={all} />
    )}
  </Section>
);

const Drawing: FC<{ definition: string; run: Run | undefined; all: boolean }> = ({ definition, run, all }) => {
  const graph = graphOf(definition, run, { all });
  const inside = graph.nodes.filter(({ current }) => current).map(({ name }) => name);
  const words = inside.length > 0 ? `It is in ${inside.join(', ')}.` : `It ended: ${run?.status ?? 'unknown'}.`;
  return (
    <>
      <p>
        <span class={`badge tone ${inside.length > 0 ? 'warn' : run?.status === 'SUCCEEDED' ? 'good' : 'bad'}`}>
          {inside.length > 0 ? 'running' : (run?.status ?? 'not known').toLowerCase()}
        </span>{' '}
        {words}
      </p>
      <section class="scroll graph" tabindex={0} aria-label="Graph of the playbook, can be scrolled">
        <Picture graph={graph} words={words} />
      </section>
      <details>
        <summary>The states that it went through, as a list</summary>
        <ol class="states">
          {(run?.steps ?? []).map(({ state, enteredAt, exitedAt }) => (
            <li>
              <time datetime={enteredAt}>{clock(enteredAt)}</time> <Text of={state} />
              <span class="quiet">
                {exitedAt ? `, ${seconds((Date.parse(exitedAt) - Date.parse(enteredAt)) / 1000)}` : ', it is here'}
              </span>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
};

const path = line<{ x: number; y: number }>(
  ({ x }) => Math.round(x),
  ({ y }) => Math.round(y),
);

const Picture: FC<{ graph: Graph; words: string }> = ({ graph, words }) => {
  const visited = new Set(graph.nodes.filter(({ visits }) => visits > 0).map(({ name }) => name));
  return (
    <svg
      class="states"
      viewBox={`0 0 ${graph.width} ${graph.height}`}
      width={Math.round(graph.width)}
      height={Math.round(graph.height)}
      role="img"
      aria-labelledby="graph-words"
    >
      <title id="graph-words">{`The playbook's states. ${words}`}</title>
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8Z" />
        </marker>
      </defs>
      {graph.groups.map(({ name, x, y, width, height }) => (
        <g class="group">
          <rect x={x - width / 2} y={y - height / 2} width={width} height={height} rx="8" />
          <text x={x - width / 2 + 8} y={y - height / 2 + 13}>
            {name}: each action
          </text>
        </g>
      ))}
      {graph.edges.map(({ from, to, points, failure }) => (
        <path
          class={`edge${failure ? ' failure' : ''}${visited.has(from) && visited.has(to) ? ' taken' : ''}`}
          d={path(points) ?? ''}
          marker-end="url(#arrow)"
        />
      ))}
      {graph.nodes.map((node) => (
        <State node={node} />
      ))}
    </svg>
  );
};

const State: FC<{ node: Node }> = ({ node: { name, type, x, y, width, height, visits, current } }) => (
  <g class={`state ${type.toLowerCase()}${visits > 0 ? ' visited' : ''}${current ? ' current' : ''}`}>
    <title>
      {`${name} (${type})${visits > 0 ? `, gone through ${visits === 1 ? 'once' : `${visits} times`}` : ', not gone through'}${current ? ', it is here' : ''}`}
    </title>
    <rect x={x - width / 2} y={y - height / 2} width={width} height={height} rx={type === 'Choice' ? 15 : 4} />
    <text x={x} y={y + 4}>
      {current ? '▶ ' : visits > 0 ? '✓ ' : ''}
      {name}
      {visits > 1 ? ` ×${visits}` : ''}
    </text>
  </g>
);
