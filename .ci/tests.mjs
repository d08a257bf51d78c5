// Runs `npm test`, and what failed of it once more, alone: `node .ci/tests.mjs FAILED_STEPS`, the number of steps that failed before.
// The last line is "N passed, N failed"; exits with 1 if any failed.
//
// Tests share the cores with other tests. One that fails beside others and passes alone has found a race, mostly its own: it is
// named here so that it is mended, and does not hide what the change under test is worth. More than a few such files are no accident.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const FILES_TRIED_AGAIN_MAX = 3;

const folder = mkdtempSync(join(tmpdir(), 'soroka-ci-'));

/** @returns {{ passed: number, failed: { file: string, tests: string[] }[], isWhole: boolean }} `isWhole`: the run came to its end */
function run(name, args) {
  const file = join(folder, `${name}.json`);
  const { status } = spawnSync(
    'npm',
    ['test', '--silent', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    {
      stdio: 'inherit',
    },
  );
  try {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
    const failed = testResults
      .filter((result) => result.status === 'failed')
      .map((result) => ({
        file: relative(process.cwd(), result.name),
        tests: result.assertionResults.filter((one) => one.status === 'failed').map((one) => one.fullName),
      }));
    return { passed: numPassedTests, failed, isWhole: status === 0 || failed.length > 0 };
  } catch {
    return { passed: 0, failed: [], isWhole: false };
  }
}

// A file that cannot even be loaded has no tests to fail: it counts by itself.
const count = (failed) => failed.reduce((sum, { tests }) => sum + Math.max(1, tests.length), 0);

const first = run('first', []);
let { passed } = first;
let failed = first.isWhole && passed > 0 ? count(first.failed) : Math.max(1, count(first.failed));
if (first.isWhole && first.failed.length > 0 && first.failed.length <= FILES_TRIED_AGAIN_MAX) {
  const files = first.failed.map(({ file }) => file);
  console.log(`--- once more, alone: ${files.join(' ')}`);
  const second = run('second', ['--no-file-parallelism', ...files]);
  if (second.isWhole && second.failed.length === 0) {
    for (const { file, tests } of first.failed)
      console.log(`UNSTABLE: ${file}: ${tests.join(' | ')} failed beside others and passed alone`);
    passed += failed;
    failed = 0;
  }
}
rmSync(folder, { recursive: true });
failed += Number(process.argv[2] ?? 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
