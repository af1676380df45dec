import { expect, it } from 'vitest';
import { commands } from '../../cli/commands/catalog.ts';
import { reference } from '../../cli/reference.ts';

it('docs/cli.md is what the commands say; `npx vitest run --project unit test/cli/reference.test.ts -u` writes it', async () => {
  await expect(reference(commands)).toMatchFileSnapshot('../../docs/cli.md');
});
