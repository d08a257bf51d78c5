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
    // Bounds for what hangs, not for what is slow on a busy machine: what must be fast is measured by bench/ and the project `pace`.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
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
          testTimeout: 240_000,
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
          sequence: { groupOrder: 2 },
        },
      },
      // What holds a rate has the machine for itself.
      {
        extends: true,
        test: {
          name: 'pace',
          include: ['e2e/src/pace.test.ts'],
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
