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

/** As {@link globTest}, but an inner `*` does not reach over a line's end: what CloudWatch's `.*` in a regular expression does. */
export function likeTest(glob: string): TextTest {
  if (!hasInnerWildcard(glob)) return globTest(glob);
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 'u');
  return (text) => expression.test(text);
}
