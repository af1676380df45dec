/**
 * Whether an event can match an EventBridge pattern, judged by the pattern's plain values only; everything else is taken to match.
 * It spares asking the emulator about most rules; whether a rule matches, the emulator's `TestEventPattern` says.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function couldMatch(pattern: unknown, event: unknown): boolean {
  if (!isObject(pattern)) return true;
  return Object.entries(pattern).every(([key, expected]) => {
    if (key.startsWith('$')) return true;
    const actual = isObject(event) ? event[key] : undefined;
    if (!Array.isArray(expected)) return Array.isArray(actual) || couldMatch(expected, actual);
    // Of numbers the notation may differ, and null and matchers have rules of their own.
    if (!expected.every((value) => typeof value === 'string')) return true;
    const values: unknown[] = Array.isArray(actual) ? actual.flat(8) : [actual];
    return expected.some((value) => values.includes(value));
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
