/** The comparisons of the CloudWatch Logs filter pattern language. */
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** Whether a text fits. */
export type TextTest = (text: string) => boolean;

const numberForm = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a text writes out, in the forms that CloudWatch takes (`+1`, `.5`, `1e-3`), or undefined. */
export function numberOf(text: string): number | undefined {
  return numberForm.test(text) ? Number(text) : undefined;
}

/**
 * A node as text, or undefined where it is no value node. Only strings and numbers are value nodes: conditions with `=` and `!=`
 * alike do not match on anything else.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
 */
export function valueText(node: unknown): string | undefined {
  if (typeof node === 'string') return node;
  return typeof node === 'number' ? String(node) : undefined;
}

/**
 * Compares a value with a number. A text that writes a number compares as that number (a field of a space-delimited log
 * is always text); any other text differs from every number and is neither less nor greater.
 */
export function compareNumber(value: string, operator: Operator, expected: number): boolean {
  const actual = numberOf(value);
  if (actual === undefined) return operator === '!=';
  switch (operator) {
    case '=':
      return actual === expected;
    case '!=':
      return actual !== expected;
    case '<':
      return actual < expected;
    case '<=':
      return actual <= expected;
    case '>':
      return actual > expected;
    case '>=':
      return actual >= expected;
  }
}

/** A test for texts in which `*` stands for any characters, none included; everything else stands for itself, case included. */
export function globTest(glob: string): TextTest {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (parts.length === 1) return (text) => text === glob;
  const inner = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of inner) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** Whether `*` stands between other characters. */
export function hasInnerWildcard(glob: string): boolean {
  return /[^*]\*+[^*]/s.test(glob);
}

/**
 * As {@link globTest}, but where a `*` stands inside, none reaches over a line's end: what CloudWatch's `.*` in a regular expression does. It
 * takes a time that grows with the text only.
 */
export function likeTest(glob: string): TextTest {
  const test = globTest(glob);
  if (!hasInnerWildcard(glob)) return test;
  const parts = glob.split('*');
  return (text) => (/[\n\r\u2028\u2029]/.test(text) ? isWithinLines(text, parts) : test(text));
}

/** Whether a text is made of these parts in their order, with no line's end in between. */
function isWithinLines(text: string, parts: readonly string[]): boolean {
  const lineEnds = [...text.matchAll(/[\n\r\u2028\u2029]/g)].map(({ index }) => index);
  const [first = '', ...others] = parts;
  // Wherever the parts so far may end, in ascending order.
  let ends = text.startsWith(first) ? [first.length] : [];
  for (const part of others) {
    const next: number[] = [];
    let [nearest, passed] = [0, 0];
    for (let at = ends.length > 0 ? text.indexOf(part, ends[0]) : -1; at >= 0; at = text.indexOf(part, at + 1)) {
      while ((ends[nearest + 1] ?? Number.POSITIVE_INFINITY) <= at) nearest += 1;
      while ((lineEnds[passed] ?? Number.POSITIVE_INFINITY) < at) passed += 1;
      if ((lineEnds[passed - 1] ?? -1) < (ends[nearest] ?? 0)) next.push(at + part.length);
      if (at >= text.length) break;
    }
    ends = next;
  }
  return ends.at(-1) === text.length;
}
