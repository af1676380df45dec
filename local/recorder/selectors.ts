import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { isStructure } from './protocols/values.ts';

/** What a trail records. Both kinds absent: every management event. */
export interface Selectors {
  basic?: Record<string, unknown>[];
  advanced?: Record<string, unknown>[];
}

/**
 * Whether a trail's event selectors take a management event's record.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
 */
export function selects({ basic, advanced }: Selectors, record: CloudTrailRecord): boolean {
  if (advanced) return advanced.some((selector) => takesAdvanced(selector, record));
  return basic === undefined || basic.some((selector) => takesBasic(selector, record));
}

function takesBasic(selector: Record<string, unknown>, record: CloudTrailRecord): boolean {
  if (selector.IncludeManagementEvents === false) return false;
  const excluded = selector.ExcludeManagementEventSources;
  if (Array.isArray(excluded) && excluded.includes(record.eventSource)) return false;
  const wanted = selector.ReadWriteType ?? 'All';
  return wanted === 'All' || (wanted === 'ReadOnly') === (record.readOnly === true);
}

function takesAdvanced(selector: Record<string, unknown>, record: CloudTrailRecord): boolean {
  const fields = Array.isArray(selector.FieldSelectors) ? selector.FieldSelectors.filter(isStructure) : [];
  const category = fields.find(({ Field }) => Field === 'eventCategory');
  if (!category || !takesField(category, record)) return false;
  return fields.every((field) => takesField(field, record));
}

type Test = (value: string, wanted: string) => boolean;
const EQUALS: Test = (value, wanted) => value === wanted;
const STARTS: Test = (value, wanted) => value.startsWith(wanted);
const ENDS: Test = (value, wanted) => value.endsWith(wanted);
const OPERATORS: [name: string, test: Test, negated: boolean][] = [
  ['Equals', EQUALS, false],
  ['StartsWith', STARTS, false],
  ['EndsWith', ENDS, false],
  ['NotEquals', EQUALS, true],
  ['NotStartsWith', STARTS, true],
  ['NotEndsWith', ENDS, true],
];

/** A field's positive operators are alternatives; each negative one must hold for all of its values. */
function takesField(selector: Record<string, unknown>, record: CloudTrailRecord): boolean {
  const value = fieldOf(record, String(selector.Field));
  let positive: boolean | undefined;
  for (const [name, test, negated] of OPERATORS) {
    const wanted = selector[name];
    if (!Array.isArray(wanted) || wanted.length === 0) continue;
    const hit = wanted.some((text) => test(value, String(text)));
    if (negated && hit) return false;
    if (!negated) positive = (positive ?? false) || hit;
  }
  return positive ?? true;
}

function fieldOf(record: CloudTrailRecord, field: string): string {
  switch (field) {
    case 'eventCategory':
      return record.eventCategory ?? 'Management';
    case 'readOnly':
      return String(record.readOnly ?? false);
    case 'userIdentity.arn':
      return record.userIdentity?.arn ?? '';
    case 'sessionCredentialFromConsole':
      return String(record.sessionCredentialFromConsole ?? false);
    default:
      return String(record[field] ?? '');
  }
}
