import { watch } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Project } from './project.ts';

let project: Project;
beforeEach(async () => {
  project = await Project.create();
});
afterEach(() => project.remove());

/** A Python whose probe answers this, and that runs `script` for everything else. */
const python = (probe: object, script = ''): string => `#!/bin/sh
case "$*" in
  *importlib*) echo '${JSON.stringify(probe)}' ;;
  *) ${script || ':'} ;;
esac
`;
const GOOD = { version: [3, 12, 1], path: 'python3', venv: true };

/** What a stand-in for venv does, and then `pip` in place of pip. */
const venvThen = (pip: string): string => `
  if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; else ${pip}; fi`;

describe('a machine that lacks something', () => {
  const nodeVersion = (version: string): string =>
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const room = (bytes: number): string =>
    `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
     fs.statfsSync = () => ({ bavail: ${bytes}, bsize: 1 }); syncBuiltinESMExports();`;

  it.each([
    ['18.20.4', 'Node 18.20.4 is too old: cordon needs Node 20.19 or newer'],
    ['20.18.3', 'Node 20.18.3 is too old'],
  ])('says that Node %s is too old', async (version, message) => {
    // Act
    const outcome = await project.run(['install'], { preload: nodeVersion(version) });

    // Assess
    expect(outcome).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^${message}.*\n$`)),
    });
    expect(await project.calls()).toEqual([]);
  });

  it('says that there is no room', async () => {
    // Act
    const outcome = await project.run(['install'], { preload: room(1.2e9) });

    // Assess
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(/^No room: 1\.2 GB are free where .* is, and 2 GB are needed; make room .*\n$/);
    expect(await project.calls()).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    [
      'too old a Python',
      python({ ...GOOD, version: [3, 9, 18] }),
      /^Python 3\.9\.18 \(python3\) is too old: .*3\.10 or newer.*\n$/,
    ],
    [
      'a Python without venv',
      python({ ...GOOD, venv: false }),
      /^Python 3\.12\.1 \(python3\) lacks its venv module; .*python3\.12-venv.*\n$/,
    ],
    ['a Python that does not run', '#!/bin/sh\nexit 127\n', /^Python is missing: .*3\.10 or newer.*\n$/],
    [
      'a venv that fails',
      python({ ...GOOD, path: 'python3' }, 'echo ensurepip is not available; exit 1'),
      /could not make a virtual environment; .*python3-venv/,
    ],
  ])('says that there is %s', async (_what, script, message) => {
    // Prepare
    await project.program('python3', script);

    // Act
    const outcome = await project.run(['install']);

    // Assess
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).toMatch(message);
    expect(project.has('.local/venv')).toBe(false);
  });

  it('takes the Python that CORDON_PYTHON names', async () => {
    // Prepare
    await project.program('python3', python({ ...GOOD, version: [3, 9, 18] }));
    await project.program('other', python({ ...GOOD, path: 'other' }, venvThen(':')));

    // Act
    const outcome = await project.run(['install'], { env: { CORDON_PYTHON: 'other' } });

    // Assess
    expect(outcome).toMatchObject({ code: 0 });
  });
});

describe('an installation', () => {
  it('is made once', async () => {
    // Act
    const first = await project.run(['install']);
    const second = await project.run(['install']);

    // Assess
    expect(first).toMatchObject({ code: 0, stdout: '' });
    expect(second).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await project.calls()).sort()).toEqual(['npm ci', 'pip', 'venv']);
  });

  it('is made again where a locked version has changed, and only there', async () => {
    // Prepare
    await project.run(['install']);
    await project.write('package-lock.json', '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.1" } } }');

    // Act
    const outcome = await project.run(['install']);

    // Assess
    expect(outcome).toMatchObject({ code: 0 });
    expect((await project.calls()).slice(3)).toEqual(['npm ci']);
  });

  it('is made once by two commands at once', async () => {
    // Act
    const outcomes = await Promise.all([project.run(['install']), project.run(['install'])]);

    // Assess
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect((await project.calls()).sort()).toEqual(['npm ci', 'pip', 'venv']);
    expect(project.has('.local/install.lock')).toBe(false);
  });

  it('goes on over the lock of a process that died', async () => {
    // Prepare
    await project.write('.local/install.lock', '4194305\n');

    // Act
    const outcome = await project.run(['install']);

    // Assess
    expect(outcome).toMatchObject({ code: 0 });
  });

  it.each<[string, string, number, RegExp]>([
    [
      'no registry',
      'echo "WARNING: NewConnectionError: connection refused"; exit 1',
      4,
      /pip could not reach its package registry \(NewConnectionError\).*\n$/,
    ],
    [
      'a wrong hash',
      'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"; exit 1',
      4,
      /pip got a package of the emulator whose hash is not the locked one.*\n$/,
    ],
    [
      'a full disk',
      'echo "ERROR: [Errno 28] No space left on device"; exit 1',
      3,
      /No room was left while installing the emulator.*\n$/,
    ],
  ])('of the emulator that meets %s leaves nothing behind', async (_what, pip, code, message) => {
    // Prepare
    await project.program('python3', python({ ...GOOD, path: 'python3' }, venvThen(pip)));

    // Act
    const outcome = await project.run(['install']);

    // Assess
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect([project.has('.local/venv'), project.has('.local/install.lock')]).toEqual([false, false]);
  });

  it.each<[string, string, number, RegExp]>([
    ['no registry', 'npm error code ECONNREFUSED', 4, /npm could not reach its package registry \(ECONNREFUSED\)/],
    [
      'a lock file out of step',
      'npm error `npm ci` can only install packages when your package.json and',
      4,
      /do not agree; run `npm install`/,
    ],
    [
      'something else',
      'npm error code E500\nnpm error 500 the server failed',
      4,
      /npm could not install the node packages: 500 the server failed; see/,
    ],
  ])('of the node packages that meets %s leaves nothing behind', async (_what, said, code, message) => {
    // Prepare
    const fail = `import { mkdirSync } from 'node:fs'; mkdirSync('node_modules'); console.error(${JSON.stringify(said)}); process.exit(1);`;
    await project.write('npm-cli.js', fail);

    // Act
    const outcome = await project.run(['install']);

    // Assess
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(message);
    expect(project.has('node_modules')).toBe(false);
  });

  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('that is interrupted by %s is removed, and its processes with it', async (signal, code) => {
    // Prepare
    await project.program(
      'python3',
      python({ ...GOOD, path: 'python3' }, venvThen('echo $$ > "$PROJECT/pip-pid"; sleep 60')),
    );
    const created = new Promise<void>((resolve, reject) => {
      const watcher = watch(project.dir, (_, filename) => {
        if (filename !== 'pip-pid') return;
        // Made first and written then: an empty file names no process yet.
        project.read('pip-pid').then((pid) => {
          if (Number(pid) === 0) return;
          watcher.close();
          resolve();
        }, reject);
      });
    });
    const running = project.start(['install']);
    await created;

    // Act
    running.kill(signal);
    const outcome = await running.outcome;

    // Assess
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect([project.has('.local/venv'), project.has('.local/install.lock')]).toEqual([false, false]);
    const pid = Number(await project.read('pip-pid'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });
});

describe('test', () => {
  const report = (results: object): string => `
    import { writeFileSync } from 'node:fs';
    const file = process.argv.find((word) => word.startsWith('--outputFile.json=')).slice(18);
    const project = process.argv[process.argv.indexOf('--project') + 1];
    const { code, ...report } = (${JSON.stringify(results)})[project];
    writeFileSync(file, JSON.stringify(report));
    process.exit(code);`;
  const passed = (count: number): object => ({ code: 0, numPassedTests: count, numFailedTests: 0, testResults: [] });
  const checks = async (unit: object, local: object, lint = '', browser = passed(0)): Promise<void> => {
    await project.write('node_modules/@biomejs/biome/bin/biome', lint);
    await project.write('node_modules/typescript/bin/tsc', '');
    await project.write('node_modules/vitest/vitest.mjs', report({ unit, local, browser }));
  };
  const lastLine = (text: string): string | undefined => text.trimEnd().split('\n').at(-1);

  it('ends with the sum of all projects', async () => {
    // Prepare
    await checks(passed(12), passed(5), '', passed(3));

    // Act
    const outcome = await project.run(['test']);

    // Assess
    expect(outcome.code).toBe(0);
    expect(lastLine(outcome.stdout)).toBe('20 passed, 0 failed');
  });

  it('stops at the first check that fails, with its output', async () => {
    // Prepare
    await checks(passed(12), passed(5), 'console.log("a.ts:1 is not formatted"); process.exit(1)');

    // Act
    const outcome = await project.run(['test']);

    // Assess
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(/^a\.ts:1 is not formatted\nFAIL format and lint \(.* s\)\n0 passed, 1 failed\n$/);
  });

  it.each<[string, object, string]>([
    ['tests that failed', { ...passed(10), code: 1, numFailedTests: 2 }, '10 passed, 2 failed'],
    [
      'a file that does not load',
      { ...passed(3), code: 1, testResults: [{ status: 'failed', assertionResults: [] }] },
      '3 passed, 1 failed',
    ],
    ['no tests at all', passed(0), '0 passed, 1 failed'],
    ['a crash after the last test', { ...passed(3), code: 1 }, '3 passed, 1 failed'],
  ])('counts %s', async (_what, unit, closing) => {
    // Prepare
    await checks(unit, passed(5));

    // Act
    const outcome = await project.run(['test']);

    // Assess
    expect(outcome.code).toBe(1);
    expect(lastLine(outcome.stdout)).toBe(closing);
  });
});

describe('the command line', () => {
  it.each([
    [['frob'], 'There is no command "frob"; try: node local/bootstrap.mjs help\n'],
    [['test', '--watch'], '"test" takes no arguments, and got: --watch\n'],
  ])('refuses %j', async (args, message) => {
    // Act
    const outcome = await project.run(args);

    // Assess
    expect(outcome).toEqual({ code: 2, stdout: '', stderr: message });
  });
});
