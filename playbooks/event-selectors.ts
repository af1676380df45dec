import { listOf, objectOf } from './parameters.ts';

/** An event selector with its keys in small letters first, as records have them; CloudTrail's answers begin with capitals. */
type Selector = Record<string, unknown>;

/**
 * The selectors of `wanted` whose events none of `there` takes. Selectors add up, so more of them take nothing away; advanced ones
 * are compared as they are.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
 */
export function selectorsLost(wanted: readonly unknown[], there: readonly unknown[]): Selector[] {
  const found = there.map(decapitalized);
  return wanted.map(decapitalized).filter((one) => !found.some((other) => covers(other, one)));
}

/** Whether `wide` takes every event that `narrow` takes, as far as that can be told. */
function covers(wide: Selector, narrow: Selector): boolean {
  if ('fieldSelectors' in wide || 'fieldSelectors' in narrow) {
    return fields(wide).join('\n') === fields(narrow).join('\n');
  }
  const [wideKind, narrowKind] = [wide.readWriteType ?? 'All', narrow.readWriteType ?? 'All'];
  if (wideKind !== 'All' && wideKind !== narrowKind) return false;
  if (narrow.includeManagementEvents !== false) {
    if (wide.includeManagementEvents === false) return false;
    const left = new Set(listOf(narrow.excludeManagementEventSources));
    if (listOf(wide.excludeManagementEventSources).some((source) => !left.has(source))) return false;
  }
  const data = new Set(dataOf(wide));
  return dataOf(narrow).every((one) => data.has(one));
}

/** Type and ARN prefix of each data resource. */
const dataOf = (selector: Selector): string[] =>
  listOf(selector.dataResources)
    .map(objectOf)
    .flatMap(({ type, values }) => listOf(values).map((value) => `${type} ${value}`));

const fields = (selector: Selector): string[] =>
  listOf(selector.fieldSelectors)
    .map((field) => JSON.stringify(Object.entries(objectOf(field)).sort(([a], [b]) => (a < b ? -1 : 1))))
    .sort();

/** The same with keys that begin with a small letter, and without what is absent or empty. */
function decapitalized(value: unknown): Selector {
  const inner = (one: unknown): unknown =>
    Array.isArray(one) ? one.map(inner) : typeof one === 'object' && one !== null ? decapitalized(one) : one;
  return Object.fromEntries(
    Object.entries(objectOf(value))
      .filter(([, one]) => one !== undefined && one !== null && !(Array.isArray(one) && one.length === 0))
      .map(([key, one]) => [`${key.charAt(0).toLowerCase()}${key.slice(1)}`, inner(one)]),
  );
}
