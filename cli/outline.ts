/** A state or a box of states, in the order of the diagram. */
interface Box {
  states: [id: string, label: string][];
  /** From each state, or from the start, to where and when. */
  ways: { from: string; to: string; label: string }[];
  boxes: Map<string, Box>;
}

const STATE = /^state "([^"]*)" as (\w+)( \{)?$/;
const WAY = /^(\[\*\]|\w+) --> (\[\*\]|\w+)(?:: (.*))?$/;

/**
 * A Mermaid state diagram as an outline in plain text: each state, and what follows it. What is no state diagram stays as
 * it is.
 */
export function outlineOf(mermaid: string): string {
  if (!mermaid.startsWith('stateDiagram-v2')) return mermaid;
  const lines = mermaid.split('\n').map((line) => line.trim());
  return outline(parse(lines)).join('\n');
}

function parse(lines: string[]): Box {
  const top: Box = { states: [], ways: [], boxes: new Map() };
  const open = [top];
  for (const line of lines) {
    const box = open.at(-1) ?? top;
    const [, label = '', id = '', opens] = STATE.exec(line) ?? [];
    const [, from, to, when = ''] = WAY.exec(line) ?? [];
    if (id) box.states.push([id, label]);
    if (from && to) box.ways.push({ from, to, label: when });
    if (opens) {
      const inner: Box = { states: [], ways: [], boxes: new Map() };
      box.boxes.set(id, inner);
      open.push(inner);
    }
    if (line === '}' && open.length > 1) open.pop();
  }
  return top;
}

function outline({ states, ways, boxes }: Box): string[] {
  const names = new Map(states);
  const nameOf = (id: string): string => (id === '[*]' ? 'end' : (names.get(id) ?? id));
  return states.flatMap(([id, label]) => {
    const inner = boxes.get(id);
    const out = ways.filter(({ from }) => from === id);
    const [only] = out;
    // The usual way needs no line of its own.
    const simple = out.length === 1 && only && !only.label ? ` -> ${nameOf(only.to)}` : '';
    return [
      `${label}${simple}`,
      ...(inner ? outline(inner).map((line) => `  | ${line}`) : []),
      ...(simple ? [] : out.map(({ to, label: when }) => `  -> ${nameOf(to)}${when ? `: ${when}` : ''}`)),
    ];
  });
}
