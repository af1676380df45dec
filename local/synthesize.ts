import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { App } from 'aws-cdk-lib';
import { addCordon } from '../infra/cordon-app.ts';

// The process behind a Synthesizer: for each line of standard input, `{ "dir": ..., "settings": ... }`, an app is synthesized into the
// folder, and a line of standard output tells how it went: `{}` or `{ "error": ... }`.
const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

// Standard output is for the answers.
console.log = console.error;
for await (const line of createInterface({ input: process.stdin })) {
  const { dir, settings } = JSON.parse(line) as { dir: string; settings: Record<string, string> };
  const answer = await synthesize(dir, settings).then(
    () => ({}),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function synthesize(outdir: string, settings: Record<string, string>): Promise<void> {
  const app = new App({ outdir, context: { ...context, ...settings }, autoSynth: false });
  await addCordon(app);
  app.synth();
}
