import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultOf } from '../../backtest/backtest.ts';
import { Tally } from '../../backtest/tally.ts';
import { type Label, type Tuning, tune } from '../../backtest/tune.ts';
import { tuningTexts } from '../../cli/tuning-text.ts';
import { attack, twice } from './deliveries.ts';
import { archive, command as run } from './past-command.ts';

const DAY = 86_400_000;
const start = Date.parse('2026-05-01T03:00:00Z');
/** The time of a minute after the start, also as a label has it. */
const minute = (n: number): number => start + n * 60_000;
const iso = (n: number): string => new Date(minute(n)).toISOString();

const label = (from: number, to: number, name = 'known'): Label => ({
  ...{ detection: 'it', name, from: iso(from), to: iso(to) },
});

/** What is found of records at these minutes, each with the address and length of its text. */
async function found(
  threshold: { atLeast: number; withinMinutes: number },
  records: readonly { at: number; address?: string; length?: number }[],
) {
  const tally = new Tally(1);
  tally.want([true]);
  for (const { at, address = '203.0.113.1', length = 0 } of records) {
    const record = Buffer.from(JSON.stringify({ sourceIPAddress: address, more: 'x'.repeat(length) }));
    const hit = {
      fits: [0],
      eventID: undefined,
      time: minute(at),
      actor: '{}',
      session: '',
      address,
      isAttempt: false,
      record,
    };
    tally.hit(hit, {}, 'here');
  }
  const subject = { id: 'it', criterion: { match: { kind: 'all', of: [] } as const }, threshold };
  const [result] = (await resultOf(tally, [subject], true)).subjects;
  if (!result) throw new Error('there is one subject');
  return result;
}

const every = (step: number, count: number, more: { address?: string; length?: number } = {}) =>
  Array.from({ length: count }, (_, n) => ({ at: n * step, ...more }));
const single = { atLeast: 1, withinMinutes: 1 };
const counting = { atLeast: 5, withinMinutes: 5 };

describe('tuning a detection', () => {
  it('judges what separates noise from the records alone whose texts are kept', async () => {
    // Six records have room, of which four are noise; nothing is known of the fields of the others.
    const length = 1_000_000;
    const noise = every(10, 4, { address: '203.0.113.9', length });
    const others = Array.from({ length: 20 }, (_, n) => ({ at: 100 + 10 * n, length }));

    const tuning = tune(
      await found(single, [...noise, ...others]),
      [label(0, 0, 'first'), label(200, 200, 'last')],
      DAY,
    );

    expect(tuning).toMatchObject({ matches: 24, judgedOn: 6, unjudged: ['last'] });
    expect(tuning.separators).toMatchObject([
      { value: '203.0.113.1', records: 2, alarms: 6, alarmsLeft: 4, missed: [] },
      { value: '203.0.113.9', records: 4, alarms: 6, alarmsLeft: 2, missed: ['first'] },
    ]);
    expect(tuningTexts([tuning])[0]).toMatch(/judged on the first 6 records of 24, in the order of files/);
  });

  it('says nothing of how many are judged where all are', async () => {
    expect(tune(await found(single, every(10, 4)), [], DAY)).not.toHaveProperty('judgedOn');
  });

  it('counts a label as caught only if a record of the alarm lies in its time', async () => {
    // One alarm with records at minutes 0 and 4, and none between.
    const result = await found({ atLeast: 2, withinMinutes: 5 }, [{ at: 0 }, { at: 4 }, { at: 60 }]);
    const missed = (...labels: Label[]) =>
      tune(result, labels, DAY).settings.find(({ atLeast, withinMinutes }) => atLeast === 2 && withinMinutes === 5)
        ?.missed;

    expect(missed(label(1, 3))).toEqual(['known']);
    expect(missed(label(1, 4), label(-5, 0), label(4, 4), label(-5, 90))).toEqual([]);
    // A record lies in it, but makes no alarm; or none does.
    expect(missed(label(50, 70, 'alone'), label(90, 99, 'later'))).toEqual(['alone', 'later']);
  });

  it('suggests no threshold where one record is enough, unless labels say what it would miss', async () => {
    const result = await found(single, every(600, 40));

    const unlabelled = tune(result, [], 30 * DAY);
    expect(unlabelled).not.toHaveProperty('suggestion');
    expect(unlabelled.settings).toMatchObject([{ ...single, alarms: 40 }]);
    const [text = ''] = tuningTexts([unlabelled]);
    expect(text).toContain('1 in 1 min, as declared: 40 alarms, 9.33 a week.');
    expect(text).toContain('No setting is suggested: one record is enough for this detection');
    expect(text).toContain('Nothing separates the noise');
    expect(text).not.toContain('at least');

    const labelled = tune(result, [label(0, 5)], 30 * DAY);
    expect(labelled.suggestion?.setting).toMatchObject({ atLeast: 1, missed: [] });
    expect(labelled.suggestion?.why).toBe('the fewest alarms of all settings that catch the labelled incident');
  });

  it('never suggests what does not fire at all', async () => {
    // Ten bursts of five: what needs more records never fires, and what needs fewer fires ten times.
    const bursts = Array.from({ length: 50 }, (_, n) => ({ at: 600 * Math.floor(n / 5) + (n % 5) * 0.5 }));
    const tuning = tune(await found(counting, bursts), [], 8 * DAY);
    expect(tuning).not.toHaveProperty('suggestion');
    expect(tuning.noSuggestion).toMatch(/fires more than once a week/);
    const [text = ''] = tuningTexts([tuning]);
    expect(text).toMatch(/\n {11}5 .*\*8\.75.*\n {2}no alarm at all from 8 on\nNo setting is suggested/);

    const larger = [...bursts, ...every(0.1, 12).map(({ at }) => ({ at: 9000 + at }))];
    expect(tune(await found(counting, larger), [], 8 * DAY).suggestion?.setting).toMatchObject({
      ...{ atLeast: 8, withinMinutes: 5, alarms: 1 },
    });
  });

  it('suggests nothing from less than a week without labels, and says how long the archive is', async () => {
    const result = await found(counting, every(0.5, 5));

    const short = tune(result, [], 4.25 * DAY);
    expect(short).not.toHaveProperty('suggestion');
    expect(short).toMatchObject({
      days: 4.25,
      noSuggestion: expect.stringMatching(/^the archive covers 4.2 days: too/),
    });
    expect(tuningTexts([short])[0]).toMatch(/^it: 5 matching records in 4.2 days, nothing labelled\n/);
    expect(tuningTexts([tune(result, [], 1000)])[0]).toContain('in less than a day');

    expect(tune(result, [label(0, 1)], 4 * DAY)).toHaveProperty('suggestion');
    // A week's files begin and end a few minutes within it.
    expect(tune(result, [], 7 * DAY - 600_000)).toHaveProperty('suggestion');
  });

  it('suggests nothing where no record lies in the time of a label', async () => {
    const tuning = tune(await found(counting, every(1, 9)), [label(0, 4), label(100, 104, 'later')], 30 * DAY);

    expect(tuning.noSuggestion).toBe('no matching record lies in the time of later');
  });

  it('says of several labels that all are caught', async () => {
    const tuning = tune(await found(counting, every(0.5, 9)), [label(0, 4), label(1, 3)], 30 * DAY);

    expect(tuning.suggestion?.why).toBe('the fewest alarms of all settings that catch all 2 labelled incidents');
  });

  it('names detections without a record in one line, with the labels that they miss', async () => {
    const none = tune(await found(counting, []), [label(0, 1, 'lost')], 30 * DAY);
    const tunings: Tuning[] = [
      none,
      tune(await found(single, every(1, 1)), [], DAY),
      { ...none, id: 'other', settings: [] },
    ];

    const [first, last, ...more] = tuningTexts(tunings);
    expect(first).toMatch(/^it: 1 matching record/);
    expect(last).toBe(
      'No matching records: it, other.\nSo these labelled incidents are missed at any threshold: lost (it).',
    );
    expect(more).toEqual([]);
  });
});

/** A file with these labels, or this text. */
function labelled(labels: unknown): string {
  const file = join(archive([], 0), 'known.json');
  writeFileSync(file, typeof labels === 'string' ? labels : JSON.stringify(labels));
  return file;
}

const command = (args: string[], signal?: AbortSignal) => run(args, signal, 'tune');

const burst = {
  ...{ detection: 'failed-console-logins', name: 'the guessing of bob' },
  ...{ from: '2026-05-01T03:10:00Z', to: '2026-05-01T03:15:00Z' },
};

describe('npx cordon tune', { timeout: 60_000 }, () => {
  it('suggests the quietest setting that misses no labelled incident', async () => {
    const { text } = await command([
      ...[archive(attack), '--detection', 'failed-console-logins', '--labels', labelled([burst]), '--json'],
    ]);

    const { tunings, ...read } = JSON.parse(text) as { tunings: Tuning[] };
    expect(read).toEqual({ files: 4, events: attack.length, problems: [] });
    expect(tunings).toMatchObject([
      {
        id: 'failed-console-logins',
        matches: 7,
        labels: 1,
        suggestion: { setting: { atLeast: 5, withinMinutes: 5 } },
      },
    ]);
    expect(
      tunings[0]?.settings.find(({ atLeast, withinMinutes }) => atLeast === 8 && withinMinutes === 60),
    ).toMatchObject({ alarms: 0, missed: ['the guessing of bob'] });
  });

  it('finds what separates the noise', async () => {
    const noise = Array.from({ length: 20 }, (_, n) => ({
      ...twice,
      eventID: `noise-${n}`,
      eventTime: `2026-05-01T${10 + Math.floor(n / 2)}:${n % 2 ? 40 : 10}:00Z`,
      sourceIPAddress: '203.0.113.9',
    }));

    const { text } = await command([archive([...attack, ...noise]), '--detection', 'trail-tampering']);

    expect(text).toContain('sourceIPAddress = 203.0.113.9: 20 records, leaves 1 of 21 alarms');
  });

  it('lists problems with files as a backtest does', async () => {
    const folder = archive(attack);
    writeFileSync(join(folder, 'other.txt'), 'no records here');

    const asText = await command([folder]);
    const asJson = await command([folder, '--json']);

    expect(asText.code).toBe(3);
    expect(asText.text).toMatch(/\n\n1 problem with the files:\n {2}\S+other\.txt at 0: .*not CloudTrail.*$/);
    expect(asJson.code).toBe(3);
    expect(JSON.parse(asJson.text)).toMatchObject({
      files: 5,
      problems: [{ file: join(folder, 'other.txt'), offset: 0, reason: expect.stringContaining('not CloudTrail') }],
    });
  });

  it('says after Ctrl-C that the result is partial', async () => {
    const early = new AbortController();
    early.abort();

    const { code, text } = await command([archive(attack), '--json'], early.signal);

    expect(code).toBe(130);
    expect(JSON.parse(text)).toMatchObject({ files: 0, partial: true });
    expect((await command([archive(attack)], early.signal)).text).toMatch(/^PARTIAL/);
  });

  it('puts all detections without a record into one line', async () => {
    const { text } = await command([archive(attack)]);

    expect(text).toMatch(/\n\nNo matching records: .*s3-public-exposure.*\.$/);
    expect(text).not.toMatch(/0 matching records/);
  });

  it('takes no archive for longer than --since and --until let in', async () => {
    const args = ['--detection', 'failed-console-logins', '--json'];
    const late = { ...twice, eventID: 'late', eventTime: '2026-06-30T03:00:00Z' };
    const days = async (...more: string[]) =>
      (JSON.parse((await command([archive([...attack, late]), ...args, ...more])).text) as { tunings: Tuning[] })
        .tunings[0]?.days;
    const range = ['--since', '2026-05-01T03:10:00Z', '--until', '2026-05-01T03:16:00Z'];

    expect(await days(...range)).toBe(0);
  });

  it('says which labels are left out', async () => {
    const file = labelled([burst, { ...burst, detection: 'root-usage', name: 'the use of root' }]);
    const args = [archive(attack), '--detection', 'failed-console-logins', '--labels', file];

    expect((await command(args)).text).toContain(
      'Labels left out, since their detection is not tuned here: the use of root (root-usage).',
    );
    expect(JSON.parse((await command([...args, '--json'])).text)).toMatchObject({
      labelsLeftOut: [{ detection: 'root-usage', name: 'the use of root' }],
    });
  });

  it.each<[string, unknown, RegExp]>([
    [
      'an unknown detection',
      [{ ...burst, detection: 'failed-console-login' }],
      /^The label "the guessing of bob" in \S+known\.json: There is no detection 'failed-console-login' in/,
    ],
    [
      'a label that ends before it begins',
      [burst, { ...burst, name: 'reversed', from: burst.to, to: burst.from }],
      /has wrong contents: .*\n✖ the label "reversed" ends before it begins\n.*\[1\]$/,
    ],
    [
      'a time that is none',
      [{ ...burst, from: 'noon' }],
      /has wrong contents: .*\n✖ Invalid ISO datetime\n.*\[0\]\.from$/,
    ],
    ['many wrong labels', Array(40).fill(1), /^([^\n]*\n){11}and 35 more$/],
    ['what is no list', {}, /has wrong contents: .*\n✖ .*expected array/],
    ['what is no JSON', 'hello', /known\.json is no JSON: /],
  ])('refuses %s in a file of labels', async (_, labels, message) => {
    await expect(command([archive(attack), '--labels', labelled(labels)])).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });

  it('says why a file of labels cannot be read', async () => {
    const folder = archive(attack);

    await expect(command([folder, '--labels', join(folder, 'none.json')])).rejects.toThrow(
      /none\.json cannot be read: there is no such file\.$/,
    );
    await expect(command([folder, '--labels', folder])).rejects.toThrow(/cannot be read: it is a folder\.$/);
  });
});
