import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const FILE = join('docs', 'rows.md');
const ROW = /^row: ([^:]+): ([\s\S]+)$/;
const AREAS = {
  trail: 'CloudTrail tampering',
  s3: 'S3 exposure',
  logins: 'Failed sign-ins',
  root: 'Root',
  credentials: 'Credentials',
  cis: 'CIS pack',
  guardduty: 'GuardDuty',
  'flow logs': 'Flow logs',
  'isolate-instance': 'Isolating an instance',
  actors: 'Actors',
  guard: 'Guard rails',
  undo: 'Undo',
  settle: 'Settling',
  lanes: 'Lanes',
  pipeline: 'Pipeline',
  messages: 'Messages',
  Watchdog: 'Watchdog',
  'Defence of the SOC': 'Defence of the SOC',
  input: 'Bad input',
  backtest: 'Backtest',
};

/**
 * The rows among a report's tests: those whose title is `row: AREA: VARIANT: WHAT MUST HOLD`.
 * @param {string} root the project's folder
 * @param {{ testResults: { name: string, assertionResults: { title: string, status: string }[] }[] }} report of vitest
 * @returns {{ area: string, text: string, file: string, status: string }[]}
 */
export function rowsOf(root, report) {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ title, status }) => {
      const [, area, text] = ROW.exec(title) ?? [];
      return area ? [{ area, text, file: relative(root, name), status }] : [];
    }),
  );
}

/** The table of all rows, as docs/rows.md has it. */
export function tableOf(rows) {
  const cell = (text) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
  const sections = Object.entries(AREAS).flatMap(([area, heading]) => {
    const own = rows.filter((row) => row.area === area).sort((a, b) => (a.text < b.text ? -1 : 1));
    if (own.length === 0) return [];
    const lines = own.map(({ text, file, status }) => {
      const [variant, ...rest] = text.split(': ');
      return `| ${cell(variant)} | ${cell(rest.join(': '))} | ${status} | ${file} |`;
    });
    return [
      `## ${heading}`,
      '',
      '| Variant | What must hold | Result | Test |',
      '| --- | --- | --- | --- |',
      ...lines,
      '',
    ];
  });
  return [
    '# What is shown by tests',
    '',
    'Every variant that the playbooks are made for, and the test that shows it. Made from the tests by `npm run rows`;',
    '`npm test` fails when it is out of date. Files in `test/local` make real calls on the local AWS.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** Writes the table, or says whether the one that is there is up to date. */
export function keepTable(root, rows, { write }) {
  const table = tableOf(rows);
  const file = join(root, FILE);
  // Nothing to tell and nothing told.
  if (rows.length === 0 && !existsSync(file)) return { ok: true, output: '' };
  if (write) {
    writeFileSync(file, table);
    return { ok: true, output: '' };
  }
  const there = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return { ok: there === table, output: `${FILE} is out of date: run npm run rows and commit it.` };
}
