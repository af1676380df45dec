import { readFileSync } from 'node:fs';
import { compile, parse } from 'watr';

type Tree = string | Tree[];

/** The bytes of a program in this folder that is written in WebAssembly text; it takes some hundredths of a second. */
export function assemble(name: 'scanner.wat' | 'id-set.wat'): Uint8Array {
  return compile(inlined(expanded(treeOf(name))) as never);
}

/** What other texts are put into. */
export const included = ['inflate.wat', 'fold.wat', 'note.wat'];

/** A module's tree, in which `(@include "name")` is what another module holds. */
function treeOf(name: string): Tree[] {
  const tree = parse(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')) as Tree[];
  // Comments come beside the module, as text.
  const module = tree.find((part) => part[0] === 'module') ?? tree;
  return (module as Tree[]).flatMap((part) =>
    part[0] === '@include' ? treeOf(String(part[1]).slice(1, -1)).slice(1) : [part],
  );
}

/** Puts what `(@define name ...)` defines where `(@name)` stands. */
function expanded(tree: Tree[]): Tree[] {
  const defined = new Map(
    tree.flatMap((part) => (part[0] === '@define' ? [[`@${part[1]}`, part.slice(2) as Tree[]]] : [])),
  );
  const replaced = (node: Tree): Tree[] => {
    if (!Array.isArray(node)) return [node];
    return defined.get(String(node[0]))?.flatMap(replaced) ?? [node.flatMap(replaced)];
  };
  return tree.filter((part) => part[0] !== '@define').flatMap(replaced);
}

/** Puts the short functions that work on vectors where they are called: V8 does not, and a call costs more than they do. */
function inlined(tree: Tree): Tree {
  const bodies = new Map<Tree, { parameters: Tree[]; body: Tree }>();
  for (const one of tree) {
    if (!Array.isArray(one) || one[0] !== 'func' || !['$mask64', '$control'].includes(String(one[1]))) continue;
    const parameters = one.filter((part) => Array.isArray(part) && part[0] === 'param').map((part) => part[1] ?? '');
    bodies.set(one[1] ?? '', { parameters, body: one.at(-1) ?? '' });
  }
  const replaced = (node: Tree, values: ReadonlyMap<Tree, Tree>): Tree => {
    if (!Array.isArray(node)) return node;
    const name = node[1] ?? '';
    if (node[0] === 'local.get' && values.has(name)) return values.get(name) ?? '';
    const found = node[0] === 'call' ? bodies.get(name) : undefined;
    const parts = node.map((part) => replaced(part, values));
    if (!found) return parts;
    return replaced(found.body, new Map(found.parameters.map((parameter, n) => [parameter, parts[n + 2] ?? ''])));
  };
  return replaced(tree, new Map());
}
