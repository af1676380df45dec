import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { run } from './processes.mjs';
import { seconds } from './progress.mjs';
import { keepTable, rowsOf } from './rows.mjs';

const program = (...path) => ['node_modules', ...path];

const STATIC = [
  {
    name: 'format and lint',
    args: [join(...program('@biomejs', 'biome', 'bin', 'biome')), 'check', '--error-on-warnings', '.'],
  },
  { name: 'types', args: [join(...program('typescript', 'bin', 'tsc')), '--noEmit', '-p', '.'] },
];
const PROJECTS = [
  { name: 'unit tests', projects: ['unit', 'unit-apart'] },
  { name: 'local AWS tests', projects: ['local'] },
  { name: 'browser tests', projects: ['browser'] },
];

/**
 * Runs every check, each in a process of its own, and stops at the first that fails, with its output. The last line on
 * standard output is `N passed, N failed`: the tests' counts, and 1 failed for a check that has none.
 * @param {{ root: string, progress: import('./progress.mjs').Progress, signal: AbortSignal }} context
 * @param {{ cleanTree?: boolean, writeRows?: boolean }} options `cleanTree`: also refuse a work tree with uncommitted
 *   changes; `writeRows`: write docs/rows.md anew, which is refused otherwise where it is out of date.
 * @returns {Promise<boolean>} whether all passed
 */
export async function runChecks(context, { cleanTree = false, writeRows = false }) {
  const total = { passed: 0, failed: 0 };
  const rows = [];
  const steps = [
    ...STATIC.map(({ name, args }) => ({ name, work: () => plain(context, args) })),
    ...PROJECTS.map(({ name, projects }) => ({ name, work: () => vitest(context, projects, rows) })),
    { name: 'table of rows', work: async () => keepTable(context.root, rows, { write: writeRows }) },
    ...(cleanTree ? [{ name: 'clean tree', work: () => gitStatus(context) }] : []),
  ];
  for (const { name, work } of steps) {
    const started = performance.now();
    const { ok, output, passed = 0, failed = ok ? 0 : 1 } = await context.progress.during(`Checking ${name}`, work);
    context.signal.throwIfAborted();
    total.passed += passed;
    total.failed += failed;
    const counts = passed + failed > 0 && ok ? `, ${passed} passed` : '';
    if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds(performance.now() - started)}${counts})`);
    if (!ok) break;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0;
}

async function plain({ root, signal }, args) {
  const { code, output } = await run(process.execPath, args, { cwd: root, signal });
  return { ok: code === 0, output };
}

async function vitest({ root, signal }, projects, rows) {
  const folder = join(root, '.local', 'reports');
  const report = join(folder, `${projects[0]}-${process.pid}.json`);
  mkdirSync(folder, { recursive: true });
  try {
    const args = [join(...program('vitest', 'vitest.mjs')), 'run', ...projects.flatMap((one) => ['--project', one])];
    args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
    const { code, output } = await run(process.execPath, args, { cwd: root, signal });
    const { passed, failed } = counts(report);
    rows.push(...rowsIn(root, report));
    const ok = code === 0 && failed === 0 && passed > 0;
    const empty = passed + failed === 0 && code === 0 ? '\nNo test was run.' : '';
    return { ok, output: output + empty, passed, failed: ok ? 0 : Math.max(failed, 1) };
  } finally {
    rmSync(report, { force: true });
  }
}

function rowsIn(root, file) {
  try {
    return rowsOf(root, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}

/** Passed and failed tests of a report; a file that failed without a failed test (it did not load, say) counts as one. */
function counts(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0 };
  }
  const broken = report.testResults.filter(
    (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

async function gitStatus({ root, signal }) {
  const { code, output } = await run('git', ['status', '--porcelain'], { cwd: root, signal });
  if (code !== 0)
    throw new Failure(
      'machine',
      `git could not tell the state of ${root}: ${output.trim().split('\n')[0]}; install git or run this in a clone.`,
    );
  return { ok: output.trim() === '', output: `Not committed, or not written anew:\n${output}` };
}
