import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { briefly } from '../../playbooks/report/brief.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `- line ${index}`);

describe('a report in a mail', () => {
  it('is the report where that is short', () => {
    const report = `CRITICAL: CONTAINED\ntitle\n\nWHO\n${numbered(39).join('\n')}\n`;
    expect(briefly(report)).toBe(report);
  });

  it('says how much of a section is left out', () => {
    const mail = briefly(`head\n\nWHO\n${numbered(100).join('\n')}\n\nEVIDENCE\n- s3://evidence\n`);
    expect(mail.split('\n')).toContain('- ... and 61 more lines: the whole report is in the evidence');
    expect(mail).toContain('- line 38\n');
    expect(mail).not.toContain('- line 39\n');
    expect(mail.endsWith('EVIDENCE\n- s3://evidence\n')).toBe(true);
  });

  it('cuts lines, but no command', () => {
    const command = `    $ aws iam ${'x'.repeat(1000)}`;
    const mail = briefly(`- ${'y'.repeat(1000)}\n${command}\n`);
    expect(mail).toBe(`- ${'y'.repeat(398)}...\n${command}\n`);
  });

  it('row: settle: a report of any length: its mail is taken by SNS', () => {
    const text = fc.string({ minLength: 0, maxLength: 3000 }).map((one) => one.replace(/\s+/g, ' '));
    const section = fc.array(text, { minLength: 1, maxLength: 400 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 12 }), (sections) => {
        const bytes = Buffer.byteLength(briefly(sections.join('\n\n')));
        expect(bytes).toBeLessThan(262_144);
      }),
      { numRuns: 30 },
    );
  });
});
