import { mkdirSync, statfsSync } from 'node:fs';
import { Failure } from './failure.mjs';
import { run } from './processes.mjs';

const OLDEST_PYTHON = [3, 10];
const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const PROBE = `
import importlib.util as u, json, sys
print(json.dumps({"version": list(sys.version_info[:3]), "path": sys.executable,
                  "venv": u.find_spec("venv") is not None and u.find_spec("ensurepip") is not None}))
`;

/** Refuses when fewer than `gigabytes` are free where `folder` is. */
export function needRoom(folder, gigabytes) {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  if (free >= gigabytes) return;
  throw new Failure(
    'machine',
    `No room: ${free.toFixed(1)} GB are free where ${folder} is, and ${gigabytes} GB are needed; make room and run this again.`,
  );
}

/**
 * The path of a Python that is new enough and can make virtual environments: CORDON_PYTHON, or the first on the path.
 * @param {AbortSignal} signal
 */
export async function findPython(signal) {
  const told = process.env.CORDON_PYTHON;
  const found = [];
  for (const candidate of told ? [told] : CANDIDATES) {
    const python = await probe(candidate, signal);
    if (!python) continue;
    if (python.venv && isNewEnough(python.version)) return python.path;
    found.push(python);
  }
  throw pythonFailure(told, found);
}

async function probe(program, signal) {
  const { code, output } = await run(program, ['-c', PROBE], { signal });
  if (code !== 0) return undefined;
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

function isNewEnough([major, minor]) {
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

function pythonFailure(told, found) {
  const oldest = OLDEST_PYTHON.join('.');
  const name = (python) => `Python ${python.version.join('.')} (${python.path})`;
  const withoutVenv = found.find((python) => isNewEnough(python.version));
  if (withoutVenv) {
    const [major, minor] = withoutVenv.version;
    return new Failure(
      'machine',
      `${name(withoutVenv)} lacks its venv module; install it (on Debian and Ubuntu: apt install python${major}.${minor}-venv) and run this again.`,
    );
  }
  if (found.length > 0) {
    return new Failure(
      'machine',
      `${name(found[0])} is too old: the local AWS needs Python ${oldest} or newer; install it, or name one with CORDON_PYTHON=/path/to/python3.`,
    );
  }
  return new Failure(
    'machine',
    told
      ? `CORDON_PYTHON=${told} is no Python that runs; name Python ${oldest} or newer, or unset it.`
      : `Python is missing: the local AWS needs Python ${oldest} or newer with its venv module; install it, or name one with CORDON_PYTHON=/path/to/python3.`,
  );
}
