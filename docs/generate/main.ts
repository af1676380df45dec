import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents, presentText } from './documents.ts';

/** Writes every generated document that is not as its units say, and tells which. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const changed = documents().filter((document) => {
  const present = presentText(root, document);
  const text = document.render(present);
  if (text === present) return false;
  mkdirSync(dirname(join(root, document.file)), { recursive: true });
  writeFileSync(join(root, document.file), text);
  return true;
});
console.log(
  changed.length > 0 ? `Written: ${changed.map(({ file }) => file).join(', ')}.` : 'Everything is up to date.',
);
