/** One step of a {@link Path}: a key, an array index, any element of an array (`[*]`) or any field of an object (`.*`). */
export type PathStep = { key: string } | { index: number } | { any: 'element' | 'field' };

/** The way from a record's root to the nodes that a condition looks at. */
export type Path = readonly PathStep[];

/** A path that cannot be read: says where and why. */
export class InvalidPath extends Error {
  override readonly name = 'InvalidPath';
  /** Where in the text the fault is, counted from 0. */
  readonly position: number;

  constructor(text: string, position: number, reason: string) {
    super(`Path "${text}" cannot be read at character ${position + 1}: ${reason}.`);
    this.position = position;
  }
}

const plainKey = /[A-Za-z0-9_-]+/y;
const bracket = /\[(?:(\d+)|(\*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;

/**
 * Reads the part of a selector that follows `$`, starting at `start`, as far as it goes.
 * @throws InvalidPath when a step is begun and not finished.
 */
export function readSteps(text: string, start: number): { steps: PathStep[]; end: number } {
  const steps: PathStep[] = [];
  let at = start;
  for (;;) {
    if (text[at] === '.') {
      const [step, end] = readDotted(text, at + 1);
      steps.push(step);
      at = end;
    } else if (text[at] === '[') {
      const [step, end] = readBracket(text, at);
      steps.push(step);
      at = end;
    } else return { steps, end: at };
  }
}

/**
 * Reads a path such as `userIdentity.sessionContext.sessionIssuer.arn`, `resources[*].ARN`, `users[0].id` or `['cluster.name']`.
 * @throws InvalidPath
 */
export function parsePath(text: string): Path {
  const rooted = text.startsWith('[') ? text : `.${text}`;
  const shift = rooted.length - text.length;
  try {
    const { steps, end } = readSteps(rooted, 0);
    if (end < rooted.length) throw new InvalidPath(rooted, end, `"${rooted[end]}" does not belong here`);
    return steps;
  } catch (error) {
    if (!(error instanceof InvalidPath)) throw error;
    throw new InvalidPath(text, Math.max(0, error.position - shift), reasonOf(error));
  }
}

/** Writes a path as a CloudWatch selector: `$.users[0].id`. Keys with other characters go in brackets: `$.['cluster.name']`. */
export function selector(path: Path): string {
  let text = '$';
  for (const step of path) {
    if ('index' in step) text += `[${step.index}]`;
    else if ('any' in step) text += step.any === 'element' ? '[*]' : '.*';
    else if (isPlainKey(step.key)) text += `.${step.key}`;
    else text += `.['${step.key}']`;
  }
  return text;
}

/** Whether a key can be written without brackets. */
export function isPlainKey(key: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(key);
}

/** How many wildcards the path holds; CloudWatch allows one. */
export function wildcards(path: Path): number {
  return path.filter((step) => 'any' in step).length;
}

/**
 * A test for whether anything that is a path's node of a record fits. Most paths have one node at most, and are followed without
 * making lists.
 */
export function someNode(path: Path, fits: (node: unknown) => boolean): (root: unknown) => boolean {
  const keys = path.flatMap((step) => ('key' in step ? [step.key] : []));
  if (keys.length < path.length) return (root) => select(root, path).some(fits);
  return (root) => {
    let node = root;
    for (const key of keys) {
      if (!isObject(node) || !Object.hasOwn(node, key)) return false;
      node = node[key];
    }
    return fits(node);
  };
}

/** The nodes of `root` at `path`: none where it does not exist, several where it has a wildcard. */
export const select = (root: unknown, path: Path): unknown[] => path.reduce(follow, [root]);

const isObject = (node: unknown): node is Record<string, unknown> =>
  typeof node === 'object' && node !== null && !Array.isArray(node);

const follow = (nodes: unknown[], step: PathStep): unknown[] => nodes.flatMap((node) => children(node, step));

function children(node: unknown, step: PathStep): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) {
    if ('index' in step) return step.index < node.length ? [node[step.index]] : [];
    return 'any' in step && step.any === 'element' ? node : [];
  }
  if ('key' in step) return Object.hasOwn(node, step.key) ? [(node as Record<string, unknown>)[step.key]] : [];
  return 'any' in step && step.any === 'field' ? Object.values(node) : [];
}

function readDotted(text: string, at: number): [PathStep, number] {
  if (text[at] === '*') return [{ any: 'field' }, at + 1];
  if (text[at] === '[') return readBracket(text, at);
  plainKey.lastIndex = at;
  const key = plainKey.exec(text)?.[0];
  if (key === undefined) throw new InvalidPath(text, at, 'a key is expected (letters, digits, "_" and "-")');
  return [{ key }, at + key.length];
}

function readBracket(text: string, at: number): [PathStep, number] {
  bracket.lastIndex = at;
  const found = bracket.exec(text);
  if (!found) throw new InvalidPath(text, at, `an index, "*" or a quoted key is expected in brackets`);
  const [whole, index, star, single, double] = found;
  const end = at + whole.length;
  if (index !== undefined) return [{ index: Number(index) }, end];
  if (star !== undefined) return [{ any: 'element' }, end];
  return [{ key: (single ?? double ?? '').replace(/\\(.)/gs, '$1') }, end];
}

function reasonOf(error: InvalidPath): string {
  return error.message.slice(error.message.indexOf(': ') + 2, -1);
}
