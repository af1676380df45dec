#!/usr/bin/env node
// Runs the TypeScript as it stands: there is no build step that could be forgotten.
import { isBundled, runBundled } from './bundled.mjs';

// The AWS SDK's notice about future Node versions is no news to whoever asks about an incident.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
if (isBundled(process.argv.slice(2))) await runBundled();
else {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./main.ts');
}
