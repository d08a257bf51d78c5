import { configDefaults, defineConfig } from 'vitest/config';

const excluded = [...configDefaults.exclude, '**/.soroka/**'];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export of its configuration.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    // Many tests wait for time to pass: one more than the cores of a small machine keeps both busy.
    maxWorkers: 3,
    globalSetup: 'server/test/global-setup.ts',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['**/*.test.ts'], exclude: [...excluded, 'e2e/**', '**/*.browser.test.ts'] },
      },
      // After the others: these measure what whole processes do in time, and must not share two cores with unit tests.
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: [...excluded, 'e2e/src/pace.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      // A browser takes both cores: its tests come one after another, and before those that measure.
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['**/*.browser.test.ts'],
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      // What holds a rate has the machine for itself.
      {
        extends: true,
        test: {
          name: 'pace',
          include: ['e2e/src/pace.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
