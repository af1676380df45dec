#!/usr/bin/env node
// Runs the TypeScript as it stands: there is no build step that could be forgotten.

// The AWS SDK's notice about future Node versions is no news to whoever asks about an incident.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const [command] = process.argv.slice(2);
if (command === 'backtest' || command === 'tune') {
  const { importBacktest } = await import('./bundled.mjs');
  const { main, workerCode } = await importBacktest();
  await main(process.argv.slice(2), workerCode);
} else {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./main.ts');
}
