import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const excluded = [...configDefaults.exclude, '**/.soroka/**'];

// A file of minutes that begins last keeps one core idle until it ends. vitest would begin large files first, and by what it measured
// before; a fresh clone knows no times, and these are small. Longest first.
const LONGEST = [
  'e2e/src/chaos.test.ts',
  'e2e/src/notifications.test.ts',
  'e2e/src/production.test.ts',
  'e2e/src/crashes.test.ts',
];
const rankOf = ({ moduleId }: TestSpecification) => {
  const rank = LONGEST.findIndex((file) => moduleId.endsWith(file));
  return rank === -1 ? LONGEST.length : rank;
};

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest reads the default export of its configuration.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    // Many tests wait for time to pass: with three at once a small machine's two cores stood idle for a fifth of the run.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
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
