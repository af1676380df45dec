import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a command said and how it ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  outcome: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
}

/** A Python that makes its "environment" out of itself, and notes what it was asked for in the project's file `calls`. */
const PYTHON = `#!/bin/sh
case "$*" in
  *importlib*) echo '{"version": [3, 11, 7], "path": "'"$0"'", "venv": true}' ;;
  "-m venv "*) echo venv >> "$PROJECT/calls"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip "*) echo pip >> "$PROJECT/calls" ;;
esac
`;

/** An npm that notes what it has "installed", as npm does. */
const NPM = `
import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs';
appendFileSync('calls', 'npm ' + process.argv[2] + '\\n');
mkdirSync('node_modules', { recursive: true });
copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;
const TOOLS = ['mkdir', 'cp', 'sleep'];

/** A copy of the commands in a folder of its own, with stand-ins for the programs that they call. */
export class Project {
  readonly dir: string;
  readonly bin: string;

  private constructor(dir: string) {
    this.dir = dir;
    this.bin = join(dir, 'bin');
  }

  /** Makes one on whose path are a Python, an npm and the plainest of tools. */
  static async create(): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'cordon-setup-')));
    await mkdir(join(project.dir, 'local'));
    await mkdir(project.bin);
    for (const path of ['bootstrap.mjs', 'setup', 'requirements.txt']) {
      await cp(join(ROOT, 'local', path), join(project.dir, 'local', path), { recursive: true });
    }
    await project.write('package.json', '{ "type": "module" }');
    await project.write('package-lock.json', '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
    for (const tool of TOOLS) {
      const path = ['/bin', '/usr/bin'].map((folder) => join(folder, tool)).find((file) => existsSync(file));
      if (path) await symlink(path, join(project.bin, tool));
    }
    await project.program('python3', PYTHON);
    await project.write('npm-cli.js', NPM);
    return project;
  }

  /** Puts a file into it. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.dir, path)), { recursive: true });
    await writeFile(join(this.dir, path), text);
  }

  /** Puts a program on its path. */
  async program(name: string, script: string): Promise<void> {
    await this.write(join('bin', name), script);
    await chmod(join(this.bin, name), 0o755);
  }

  /** Starts `bootstrap.mjs` with `args`; `preload` is a module's text that is run before it. */
  start(args: string[], { preload, env = {} }: { preload?: string; env?: NodeJS.ProcessEnv } = {}): Running {
    const before = preload ? ['--import', `data:text/javascript,${encodeURIComponent(preload)}`] : [];
    const child = spawn(process.execPath, [...before, join(this.dir, 'local', 'bootstrap.mjs'), ...args], {
      cwd: this.dir,
      env: { PATH: this.bin, PROJECT: this.dir, npm_execpath: join(this.dir, 'npm-cli.js'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      said.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.stderr += chunk;
    });
    const outcome = new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, ...said })));
    return { outcome, kill: (signal) => child.kill(signal) };
  }

  /** Runs `bootstrap.mjs` to its end. */
  run(args: string[], options?: { preload?: string; env?: NodeJS.ProcessEnv }): Promise<Outcome> {
    return this.start(args, options).outcome;
  }

  /** What npm, venv and pip were asked for, in order of their start. */
  async calls(): Promise<string[]> {
    const text = await readFile(join(this.dir, 'calls'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  /** The text of a file of it. */
  read(path: string): Promise<string> {
    return readFile(join(this.dir, path), 'utf8');
  }

  /** Whether a path of it exists. */
  has(path: string): boolean {
    return existsSync(join(this.dir, path));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
