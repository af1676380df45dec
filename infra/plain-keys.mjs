// For esbuild: leaves out of a bundle what of the AWS SDK nobody uses.
import { readFile } from 'node:fs/promises';

/**
 * Writes the keys of the SDK's schemas out: `{ [_xN]: ... }` with `const _xN = "xmlName"` could call anything for all that
 * esbuild knows, so that no shape would be left out. Of EC2's client, a megabyte of shapes would stay for a dozen calls.
 */
export const plainKeys = {
  name: 'plain-keys',
  setup({ onLoad }) {
    onLoad({ filter: /@aws-sdk[/\\].+[/\\]schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = new Map(
        Array.from(source.matchAll(/^const (_\w+) = ("\w+");$/gm), ([, name, text]) => [name, text]),
      );
      return {
        contents: source.replace(/\[(_\w+)\]:/g, (key, name) => (names.has(name) ? `${names.get(name)}:` : key)),
      };
    });
  },
};
