import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { benches } from '../../bench/catalog.ts';
import { withSection } from '../../bench/document.ts';
import { emulatorVersion, machineWords, thisMachine } from '../../bench/machine.ts';
import { LocalFailure } from '../../local/failure.ts';

const DOCUMENT = `# Benchmarks

Why it is measured.

<!-- measured: contain -->
old figures
<!-- end of measured: contain -->

More prose.

<!-- measured: other -->
other figures
<!-- end of measured: other -->
`;

describe('the document of measurements', () => {
  it('gets new figures between the markers, and keeps everything else', () => {
    const written = withSection(DOCUMENT, 'contain', '\nnew figures\n');

    expect(written).toBe(DOCUMENT.replace('old figures\n', '\nnew figures\n\n'));
    expect(withSection(written, 'contain', 'new figures')).toBe(written);
  });

  it.each([
    ['no markers', '# Benchmarks\n'],
    ['no end', DOCUMENT.replace('<!-- end of measured: contain -->', '')],
    ['the end first', '<!-- end of measured: contain -->\n<!-- measured: contain -->\n'],
  ])('with %s is refused', (_, document) => {
    expect(() => withSection(document, 'contain', 'figures')).toThrow(LocalFailure);
  });

  it('has a place for every bench', () => {
    const document = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
    for (const name of Object.keys(benches)) {
      expect(withSection(document, name, 'figures of now')).toContain('figures of now');
    }
  });
});

describe('the machine', () => {
  it('is told with the versions of what takes part', () => {
    const machine = thisMachine();

    expect(machine.node).toBe(process.versions.node);
    expect(machine.cores).toBeGreaterThan(0);
    expect(Object.values(machine.packages)).not.toContain('unknown');
    expect(machineWords(machine)).toContain(`Node ${process.versions.node}, ministack ${machine.packages.ministack}`);
  });

  it('knows the emulator by its locked version', () => {
    expect(emulatorVersion('# ministack is the emulator\nother==2.0\nministack==1.2.3\n')).toBe('1.2.3');
    expect(emulatorVersion('other==2.0\n')).toBe('unknown');
  });
});
