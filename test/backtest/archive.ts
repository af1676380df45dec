import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ActorWriter } from '../../backtest/actor-text.ts';
import type { Criterion } from '../../backtest/criterion.ts';
import { testOf } from '../../backtest/criterion.ts';
import { type FileResult, FileScan, type Keeping } from '../../backtest/file-scan.ts';
import { type Facts, factsOf } from '../../backtest/judge.ts';
import { eachHit, type Like } from '../../backtest/noted-hits.ts';
import { attemptPlace, idPlace, NONE, type PackedHits, textPlace, UUID, width } from '../../backtest/packed-hits.ts';
import { compileScanner } from '../../backtest/scan/compile.ts';
import type { Source } from '../../backtest/scan/read-file.ts';

const module = compileScanner();

type Kept = Omit<Facts, 'fits'>;

/** What a file comes to, without what depends on how it was read. */
export interface Read {
  records: number;
  /** Records and the numbers of the criteria that they fit. */
  hits: [string, number[]][];
  /** What is kept of them besides. */
  kept: Kept[];
  /** How many of them the scanner noted by itself, and how many those are that speak for them. */
  noted: number;
  likes: number;
  faults: { offset: number; reason: string }[];
  ids: number;
}

/** How a file is read. */
type Reading = Partial<Keeping> & { gzip?: boolean };

/** Reads a file as a worker does, but lists every fault: what is compared must not depend on which come first. */
export async function readFile(
  source: Source,
  criteria: readonly Criterion[],
  keeping: Partial<Keeping> = {},
): Promise<Read> {
  const parts: FileResult[] = [];
  const scan = new FileScan(module, criteria, { mostFaults: Number.POSITIVE_INFINITY, ...keeping });
  const last = await scan.read([source], (part) => parts.push(part));
  return combined([...parts, last]);
}

export function combined(parts: readonly FileResult[]): Read {
  const hits = hitsIn(parts);
  return {
    records: parts.reduce((sum, { records }) => sum + records, 0),
    hits: hits.map(({ record, fits }) => [record, fits]),
    kept: hits.map(({ kept }) => kept),
    noted: hits.filter(({ isNoted }) => isNoted).length,
    likes: parts.reduce((sum, { noted }) => sum + noted.likes.length, 0),
    faults: parts.flatMap(({ faults }) => faults.map(({ offset, reason }) => ({ offset, reason }))),
    ids: parts.reduce((sum, { ids, oddIds, withoutId }) => sum + ids.length / 16 + oddIds.length + withoutId, 0),
  };
}

/** Hits in their order, as the thread that adds them up has to put them together. */
function hitsIn(parts: readonly FileResult[]): { record: string; fits: number[]; kept: Kept; isNoted: boolean }[] {
  let [texts, ownTexts]: string[][] = [[], []];
  let likes: Like[] = [];
  return parts.flatMap(({ hits, noted }) => {
    texts = [...(hits.textsBefore === 0 ? [] : (texts ?? [])), ...hits.texts];
    ownTexts = [...(noted.textsBefore === 0 ? [] : (ownTexts ?? [])), ...noted.texts];
    likes = [...(noted.likesBefore === 0 ? [] : likes), ...noted.likes];
    const all: ReturnType<typeof hitsIn> = [];
    let packed = 0;
    eachHit(
      noted,
      ({ time, like, session, address }, numbers, idAt) => {
        const { fits, ...rest } = likes[like] as Like;
        const own = { session: ownTexts?.[session] ?? rest.session, address: ownTexts?.[address] ?? rest.address };
        const kept = { ...rest, ...own, time, eventID: uuidAt(numbers, idAt) };
        all.push({ record: '', fits, kept, isNoted: true });
      },
      () => {
        const { records, ends, places, fits } = hits;
        const n = packed++;
        const record = Buffer.from(records.subarray(ends[n - 1] ?? 0, ends[n])).toString();
        const kept = keptOf(hits, texts ?? [], n);
        all.push({ record, fits: fits[places[n * width] ?? 0] ?? [], kept, isNoted: false });
      },
    );
    return all;
  });
}

function keptOf({ times, places, ids }: PackedHits, texts: readonly string[], n: number): Kept {
  const text = (k: number): string => texts[places[n * width + k] ?? 0] ?? '';
  const id = places[n * width + idPlace];
  return {
    ...{ time: times[n] ?? Number.NaN },
    eventID: id === UUID ? uuidAt(ids, n * 4) : id === NONE ? undefined : text(idPlace),
    ...{ actor: text(textPlace), session: text(textPlace + 1), address: text(textPlace + 2) },
    isAttempt: places[n * width + attemptPlace] === 1,
  };
}

function uuidAt(numbers: Int32Array, at: number): string {
  const hex = Array.from(numbers.subarray(at, at + 4), (one) => (one >>> 0).toString(16).padStart(8, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The plain way: what is kept of records that were parsed. */
export const plainlyKept = (hits: readonly [string, number[]][]): Kept[] =>
  hits.map(([text]) => {
    const record = JSON.parse(text) as Record<string, unknown>;
    const { fits: _, ...kept } = factsOf(record, new ActorWriter(), { fits: [] });
    return kept;
  });

/** Reads a text as a worker does; gzip or not. */
export function readText(
  text: string | Uint8Array,
  criteria: readonly Criterion[],
  { gzip = false, ...keeping }: Reading = {},
): Promise<Read> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return readFile({ bytes: Uint8Array.from(gzip ? gzipSync(bytes) : bytes) }, criteria, keeping);
}

/** The plain way: what the criteria say of records that were parsed. */
export function plainly(records: readonly string[], criteria: readonly Criterion[]): [string, number[]][] {
  const tests = criteria.map(testOf);
  return records.flatMap((text): [string, number[]][] => {
    const record = JSON.parse(text) as unknown;
    const fits = tests.flatMap((test, n) => (test(record, text) ? [n] : []));
    return fits.length > 0 ? [[text, fits]] : [];
  });
}

const names = ['StopLogging', 'DeleteTrail', 'ConsoleLogin', 'DescribeInstances', 'Stop', 'StopLogging2', 'é', ''];
const id = fc.uuid();
const text = fc.oneof(
  fc.constantFrom(
    ...names,
    'Root',
    'root',
    'AccessDenied',
    'say "hi"',
    'back\\slash',
    '{"eventName":"StopLogging"}',
    'a\nb',
    'Röot',
    '},{',
  ),
  fc.string({ maxLength: 90 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
);
const leaf = fc.oneof(text, fc.constantFrom(null, true, false, 0, -1.5e-7, 1e21, 12345678901234));

const nested = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    { weight: 4, arbitrary: leaf },
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('eventName', 'eventID', 'type', 'Records', 'userIdentity', 'x', 'errorCode'),
        fc.string({ maxLength: 12 }),
      ),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

/** Members of a record, in the order in which they are written; a key may come twice. */
const members = fc
  .tuple(
    fc.record(
      {
        eventVersion: fc.constant('1.11'),
        userIdentity: fc.oneof(
          fc.record(
            {
              type: fc.constantFrom('Root', 'IAMUser', 'AWSService'),
              invokedBy: fc.constant('AWS Internal'),
              ...{ userName: text, accountId: fc.constantFrom('111122223333', '444455556666') },
            },
            { requiredKeys: ['type'], noNullPrototype: true },
          ),
          fc.record(
            {
              type: fc.constant('AssumedRole'),
              arn: fc
                .tuple(fc.constantFrom('deployer', 'auditor'), fc.constantFrom('a', 'b', 'c/d'))
                .map(([role, session]) => `arn:aws:sts::111122223333:assumed-role/${role}/${session}`),
              accountId: fc.constantFrom('111122223333', '444455556666'),
              sessionContext: fc.record(
                {
                  sessionIssuer: fc.record(
                    {
                      arn: fc
                        .constantFrom('deployer', 'auditor')
                        .map((role) => `arn:aws:iam::111122223333:role/${role}`),
                      userName: fc.constantFrom('deployer', 'auditor'),
                    },
                    { noNullPrototype: true },
                  ),
                },
                { noNullPrototype: true },
              ),
            },
            { noNullPrototype: true },
          ),
          nested,
        ),
        eventTime: fc.constantFrom('2026-05-01T03:00:00Z', '2026-05-01T03:01:00Z'),
        eventSource: fc.constantFrom('cloudtrail.amazonaws.com', 'signin.amazonaws.com'),
        eventName: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, nested),
        errorCode: fc.constantFrom('AccessDenied', 'Client.UnauthorizedOperation'),
        awsRegion: fc.oneof(fc.constantFrom('us-east-1', 'cn-north-1'), nested),
        sourceIPAddress: fc.oneof(fc.constantFrom('198.51.100.7', 'config.amazonaws.com'), nested),
        recipientAccountId: fc.oneof(fc.constantFrom('111122223333', '444455556666'), nested),
        requestParameters: nested,
        responseElements: fc.oneof(
          fc.record({ ConsoleLogin: fc.constantFrom('Failure', 'Success') }, { noNullPrototype: true }),
          nested,
        ),
        eventID: fc.oneof(
          { weight: 8, arbitrary: id },
          fc.constantFrom('not-a-uuid', 'ABCDEF01-0000-0000-0000-000000000000', '', 7),
        ),
      },
      { requiredKeys: ['eventTime'], noNullPrototype: true },
    ),
    fc.array(fc.tuple(fc.constantFrom('eventName', 'eventID', 'x', '"', 'eventN\u0061me'), leaf), { maxLength: 1 }),
  )
  .map(([record, more]) => [...Object.entries(record), ...more]);

/** How a value is written: plain, or with whatever JSON allows. */
const style = fc.record({
  space: fc.constantFrom('', '', ' ', '\n  ', '\t\r\n'),
  escapes: fc.constantFrom('never', 'never', 'some', 'all'),
  shuffle: fc.boolean(),
});
type Style = { space: string; escapes: string; shuffle: boolean };

function writeText(value: string, { escapes }: Style): string {
  if (escapes === 'never') return JSON.stringify(value);
  const hex = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const chars = Array.from({ length: value.length }, (_, n) => value.charAt(n));
  const one = (char: string, n: number) => {
    if (escapes === 'all' || n % 3 === 0) return hex(char);
    return char === '/' ? '\\/' : JSON.stringify(char).slice(1, -1);
  };
  return `"${chars.map(one).join('')}"`;
}

function writeMembers(entries: readonly (readonly [string, unknown])[], how: Style): string {
  const { space } = how;
  const ordered = how.shuffle ? [...entries].reverse() : entries;
  return `{${space}${ordered.map(([key, value]) => `${writeText(key, how)}${space}:${space}${write(value, how)}`).join(`${space},${space}`)}${space}}`;
}

function write(value: unknown, how: Style): string {
  if (typeof value === 'string') return writeText(value, how);
  if (Array.isArray(value)) return `[${value.map((one) => how.space + write(one, how)).join(',')}${how.space}]`;
  if (typeof value === 'object' && value !== null) return writeMembers(Object.entries(value), how);
  return JSON.stringify(value);
}

/** A record's text. */
export const recordText: fc.Arbitrary<string> = fc
  .tuple(members, style)
  .map(([entries, how]) => writeMembers(entries, how));

/** A file's text, the records in it, and the form that it has. */
export interface FileText {
  text: string;
  records: string[];
  form: string;
}

/** Files in every form that is read. */
export const fileText: fc.Arbitrary<FileText> = fc
  .tuple(
    fc.array(recordText, { maxLength: 12 }),
    fc.constantFrom('delivery', 'delivery', 'pretty', 'array', 'lines', 'documents', 'more keys', 'marked'),
  )
  .map(([records, form]) => {
    switch (form) {
      case 'pretty':
        return { form, records, text: `\n{ "Records" : [\n ${records.join(' ,\n ')}\n ] }\n` };
      case 'array':
        return { form, records, text: `[${records.join(',')}]` };
      case 'lines': {
        // One to a line, and none that is a document of its own.
        const plain = records.filter((one) => !/\n/.test(one) && isRecord(one));
        return { form, records: plain, text: plain.map((one) => `${one}\n`).join('') };
      }
      case 'documents':
        return { form, records, text: records.map((one) => `{"Records":[${one}]}`).join('\n') };
      case 'more keys':
        return {
          form,
          records,
          text: `{"a":[{"eventName":"StopLogging"}],"Records":[${records.join(',')}],"b":{"Records":[1]}}`,
        };
      case 'marked':
        return { form, records, text: `\ufeff{"Records":[${records.join(',')}]}` };
      default:
        return { form, records, text: `{"Records":[${records.join(',')}]}` };
    }
  });

function isRecord(text: string): boolean {
  const record = JSON.parse(text) as object;
  const own = (key: string) => Object.hasOwn(record, key);
  return !own('Records') && ['eventVersion', 'eventID', 'eventName'].some(own);
}
