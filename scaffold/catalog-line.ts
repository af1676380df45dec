/** The catalog is not written as it is expected: a line must be added by hand. */
export class CatalogUnreadable extends Error {
  override readonly name = 'CatalogUnreadable';
}

/** The name under which the catalog imports a unit: `queueOpened` for `queue-opened`. */
export const importName = (id: string): string => {
  const camel = id.replace(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return /^\d/.test(camel) ? `unit${camel}` : camel;
};

/** What strict code does not let a variable be called, and `type`, which an import reads as a word of its own. */
const reserved = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false',
    'finally for function if implements import in instanceof interface let new null package private protected public return',
    'static super switch this throw true try type typeof var void while with yield',
  ].flatMap((line) => line.split(' ')),
);

/** The name of an import that nothing else in the catalog has: with its kind behind it, where the id alone is taken. */
function freeName(catalog: string, kind: 'detections' | 'responses', id: string): string {
  // A word of a comment counts as well: a longer name does no harm.
  const words = new Set(catalog.match(/[\w$]+/g));
  const suffix = kind === 'detections' ? 'Detection' : 'Response';
  let name = importName(id);
  while (reserved.has(name) || name in globalThis || words.has(name)) name += suffix;
  return name;
}

/**
 * The catalog with a unit: its import and its line. A detection goes before those that yield to what stands before them,
 * unless it is told to go last.
 * @param catalog the text of `playbooks/catalog.ts`
 * @throws CatalogUnreadable
 */
export function withUnit(
  catalog: string,
  kind: 'detections' | 'responses',
  id: string,
  { last = false }: { last?: boolean } = {},
): string {
  const lines = catalog.split('\n');
  const name = freeName(catalog, kind, id);
  const imports = lines.findIndex((one) => one.includes(` from './${kind}/`));
  const start = lines.findIndex((one) => one.startsWith(`export const ${kind}: `));
  const end = lines.findIndex((one, at) => at > start && one === '};');
  if (imports < 0 || start < 0 || end < 0) {
    throw new CatalogUnreadable(
      `playbooks/catalog.ts has no list of ${kind} where one is expected: add ${id} by hand.`,
    );
  }
  const yielding = lines.findIndex((one, at) => at > start && at < end && /^ {2}'cis-/.test(one));
  const place = !last && yielding > 0 ? yielding : end;
  const key = id === name ? name : `'${id}': ${name}`;
  lines.splice(place, 0, `  ${key},`);
  lines.splice(imports, 0, `import ${name} from './${kind}/${id}.ts';`);
  return lines.join('\n');
}
