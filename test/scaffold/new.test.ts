import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detections } from '../../playbooks/catalog.ts';
import { detectionAnswers, responseAnswers } from '../../scaffold/answers.ts';
import { CatalogUnreadable, importName, withUnit } from '../../scaffold/catalog-line.ts';
import { AlreadyThere, NotWellFormed, writeUnit } from '../../scaffold/write.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const CATALOG = 'playbooks/catalog.ts';

/** A copy of what is declared, to add to. */
let root: string;
let before: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cordon-new-'));
  for (const part of ['playbooks', 'package.json', 'tsconfig.json', 'biome.json', '.gitignore']) {
    cpSync(join(PROJECT, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  before = readFileSync(join(root, CATALOG), 'utf8');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};
const added = (from: string, to: string) => to.split('\n').filter((line) => !from.split('\n').includes(line));

const detection = detectionAnswers.parse({
  id: 'queue-opened',
  title: 'SQS queue opened to somebody else’s account',
  why: 'A queue’s policy lets others read "messages" that were meant for a program of this account.',
  severity: 'MEDIUM',
  source: 'sqs.amazonaws.com',
  calls: 'SetQueueAttributes, AddPermission',
  attack: 'T1530',
  response: 'close-queue',
});

describe('npm run new', () => {
  it('makes a response and a detection: one file each, and one line and import in the catalog', () => {
    const title = 'Close the queue and say who opened it';

    const files = [
      writeUnit(root, { kind: 'response', answers: responseAnswers.parse({ id: 'close-queue', title }) }),
      writeUnit(root, { kind: 'detection', answers: detection }),
    ];

    expect(files).toEqual([
      ['playbooks/responses/close-queue.ts', CATALOG],
      ['playbooks/detections/queue-opened.ts', CATALOG],
    ]);
    expect(added(before, readFileSync(join(root, CATALOG), 'utf8')).sort()).toEqual([
      "  'close-queue': closeQueue,",
      "  'queue-opened': queueOpened,",
      "import closeQueue from './responses/close-queue.ts';",
      "import queueOpened from './detections/queue-opened.ts';",
    ]);
  });

  it('makes units whose ids are no names of variables, or taken by something else', () => {
    for (const id of ['close-bucket', 'delete', 'detections', 'type', 'await', 'escape', 'queueopened', '2', 'all'])
      writeUnit(root, { kind: 'detection', answers: { ...detection, id } });
    for (const id of ['delete', 'root-usage'])
      writeUnit(root, { kind: 'response', answers: responseAnswers.parse({ id, title: 'Answer what happened' }) });

    expect(readFileSync(join(root, CATALOG), 'utf8')).toContain("'close-bucket': closeBucketDetection,");
  });

  it('writes what passes the formatter, the linter, the types and synthesis’ checks as it is', () => {
    const biome = join('node_modules', '@biomejs', 'biome', 'bin', 'biome');
    const files = ['playbooks/responses/close-queue.ts', 'playbooks/detections/queue-opened.ts', CATALOG];
    const check = `
      import { detections, deployedDetections } from './playbooks/catalog.ts';
      import { checkDetection } from './playbooks/matching/forms.ts';
      checkDetection('queue-opened', detections['queue-opened']);
      console.log(JSON.stringify(deployedDetections([]).map(([id]) => id)));`;

    expect(run(biome, 'check', '--error-on-warnings', ...files)).toMatchObject({ status: 0 });
    writeFileSync(join(root, 'tsconfig.new.json'), '{ "extends": "./tsconfig.json", "include": ["playbooks"] }');
    expect(run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.new.json')).toEqual({
      status: 0,
      output: '',
    });
    const { status, output } = run('--import', 'tsx', '--input-type=module', '-e', check);
    expect([status, output]).toEqual([0, expect.stringContaining('"queue-opened"')]);
  });

  it('refuses an id that is taken, and writes nothing', () => {
    const present = readFileSync(join(root, CATALOG), 'utf8');

    expect(() => writeUnit(root, { kind: 'detection', answers: { ...detection, id: 'root-usage' } })).toThrow(
      AlreadyThere,
    );
    expect(readFileSync(join(root, CATALOG), 'utf8')).toBe(present);
  });

  it('refuses what would not pass the formatter, and writes nothing', () => {
    const present = readFileSync(join(root, CATALOG), 'utf8');
    writeFileSync(join(root, CATALOG), `${present}\nconst broken = ;\n`);

    expect(() => writeUnit(root, { kind: 'detection', answers: { ...detection, id: 'queue-broken' } })).toThrow(
      NotWellFormed,
    );
    expect(existsSync(join(root, 'playbooks/detections/queue-broken.ts'))).toBe(false);
    writeFileSync(join(root, CATALOG), present);
  });

  it('counts a call or technique that is given twice once', () => {
    const given = { ...detection, calls: 'AddPermission, AddPermission', attack: 'T1530,T1530' };

    expect(detectionAnswers.parse(given)).toMatchObject({ calls: ['AddPermission'], attack: ['T1530'] });
  });

  it.each([
    ['id', 'Queue_Opened'],
    ['source', 'sqs'],
    ['calls', ''],
    ['severity', 'BAD'],
    ['attack', 'T0000'],
    ['title', 'x'],
  ])('refuses a %s that makes no sense: %j', (name, value) => {
    const given = { ...detection, calls: 'AddPermission', attack: 'T1530', [name]: value };

    expect(detectionAnswers.safeParse(given).error?.issues[0]?.path[0]).toBe(name);
  });
});

describe('the line in the catalog', () => {
  it('puts what is no pack’s before those that yield, and a pack’s own last where told', () => {
    const order = (text: string) => [...text.matchAll(/^ {2}'([a-z-]+)':/gm)].map(([, id]) => id);
    const source = readFileSync(join(PROJECT, CATALOG), 'utf8');

    const first = order(withUnit(source, 'detections', 'queue-opened'));
    const last = order(withUnit(source, 'detections', 'cis-queue', { last: true }));

    expect(first.indexOf('queue-opened')).toBeLessThan(first.indexOf('cis-root-usage'));
    expect(last[last.indexOf('cis-queue') - 1]).toBe(Object.keys(detections).at(-1));
  });

  it('says so where the catalog is not as it is expected', () => {
    expect(() => withUnit('export const nothing = 1;', 'detections', 'a')).toThrow(CatalogUnreadable);
  });

  it('names imports as variables may be called', () => {
    expect([importName('role-trust-opened'), importName('review'), importName('2fa-off')]).toEqual([
      'roleTrustOpened',
      'review',
      'unit2faOff',
    ]);
  });
});
