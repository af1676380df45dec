import { defineConfig } from 'vitest/config';

/** Two projects: `unit` needs nothing but Node; `local` deploys to the local AWS once and makes real calls against it. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/local/**'] } },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          globalSetup: ['test/local/harness/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // The files mostly wait, so all run at once; a project with workers of its own needs a group of its own.
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
