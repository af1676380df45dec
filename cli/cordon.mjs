#!/usr/bin/env node
// Runs the TypeScript as it stands: there is no build step that could be forgotten.
import { runBundled } from './bundled.mjs';

// The AWS SDK's notice about future Node versions is no news to whoever asks about an incident.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// A stack then names the files that people read.
if (process.env.CORDON_DEBUG) process.setSourceMapsEnabled(true);
await runBundled();
