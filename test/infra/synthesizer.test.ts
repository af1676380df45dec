import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LocalFailure } from '../../local/failure.ts';
import { startSynthesizer } from '../../local/synthesizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'cordon-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the process that synthesizes', () => {
  it('makes one app after the other, also behind one that cannot be, and says why when it is gone', async () => {
    const synthesizer = startSynthesizer();
    const made = (name: string, settings: Record<string, string>) =>
      synthesizer.synthesize(settings, join(folder, name));
    const refused = made('refused', { local: 'true', prefix: 'NOT A PREFIX' });
    const plain = made('plain', { local: 'true' });
    const renamed = made('renamed', { local: 'true', prefix: 'other' });

    await expect(refused).rejects.toThrow(/^The app could not be synthesized: .*prefix/s);
    await expect(refused).rejects.toBeInstanceOf(LocalFailure);
    await Promise.all([plain, renamed]);
    const stacks = (name: string): string[] =>
      Object.entries<{ type: string }>(JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')).artifacts)
        .filter(([, { type }]) => type === 'aws:cloudformation:stack')
        .map(([stack]) => stack);
    expect(stacks('plain')).toEqual(['cordon-trail', 'cordon']);
    expect(stacks('renamed')).toEqual(['other-trail', 'other']);
    expect(existsSync(join(folder, 'refused', 'manifest.json'))).toBe(false);

    synthesizer.close();
    await expect(made('late', { local: 'true' })).rejects.toThrow(
      'The app could not be synthesized: its process ended',
    );
  });
});
