import type { CloudTrailRecord } from './cloudtrail.ts';

/** The request parameters of a record as an object; empty where CloudTrail has null, as on refused calls. */
export const parametersOf = (record: CloudTrailRecord): Record<string, unknown> => objectOf(record.requestParameters);

/** `value` as an object; empty for anything else. */
export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** `value` as a list: a single value becomes a list of one, an absent one an empty list. CloudTrail does both. */
export const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

/** `value` if it is a string with something in it. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** What a call names in its parameters, as far as they are texts: `userName mallory, policyArn ...`; empty where it names nothing. */
export const namedBy = (record: CloudTrailRecord): string =>
  Object.entries(parametersOf(record))
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .map(([name, value]) => `${name} ${String(value).slice(0, 120)}`)
    .slice(0, 4)
    .join(', ');

/** True when the call was refused or failed, so that it changed nothing. */
export const failed = (record: CloudTrailRecord): boolean =>
  record.errorCode !== undefined || objectOf(record.responseElements).ConsoleLogin === 'Failure';
