import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/local/harness/longest-first.ts';

const ELSEWHERE = ['test/local/**', 'test/browser/**'];
/** Test files that replace modules need these for themselves; all others share what is loaded, which takes as long as their tests. */
const REPLACING = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => join('test', file))
  .filter((file) => file.endsWith('.test.ts') && /\bvi\.(mock|doMock)\(/.test(readFileSync(file, 'utf8')));

const unit = {
  // Far more than any of it takes: a slow machine is no failure, and synthesis takes seconds on a fast one.
  testTimeout: 120_000,
  // vitest leaves a core to itself unless told, and does not need it.
  maxWorkers: '100%',
};

/**
 * Projects: `unit` and `unit-apart` need nothing but Node; `local` deploys to the local AWS once and makes real calls against it;
 * `browser` uses the console in a real Chromium, on local AWSs of its own.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...unit,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ELSEWHERE, ...REPLACING],
          isolate: false,
        },
      },
      { test: { ...unit, name: 'unit-apart', include: REPLACING, exclude: ELSEWHERE } },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          globalSetup: ['test/local/harness/global-setup.ts'],
          // Far more than any of it takes: a slow machine is no failure.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // Many files deploy to a local AWS of their own, which takes a core; a project with workers of its own needs a group of its own.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/harness/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
