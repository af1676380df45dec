import { describe, expect, it } from 'vitest';
import { selects } from '../../local/recorder/selectors.ts';

const write = {
  eventID: '1',
  eventTime: '2026-03-04T05:06:07Z',
  eventSource: 'kms.amazonaws.com',
  eventName: 'DisableKey',
  readOnly: false,
  eventCategory: 'Management',
};
const read = { ...write, eventName: 'DescribeKey', readOnly: true };
const management = { Field: 'eventCategory', Equals: ['Management'] };

describe('basic selectors', () => {
  it.each([
    ['none at all', undefined, true, true],
    ['everything', [{ ReadWriteType: 'All', IncludeManagementEvents: true }], true, true],
    ['writes', [{ ReadWriteType: 'WriteOnly', IncludeManagementEvents: true }], true, false],
    ['reads', [{ ReadWriteType: 'ReadOnly' }], false, true],
    ['no management events', [{ ReadWriteType: 'All', IncludeManagementEvents: false }], false, false],
    ['a source left out', [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }], false, false],
    ['one of two', [{ IncludeManagementEvents: false }, { ReadWriteType: 'WriteOnly' }], true, false],
  ])('take as they say: %s', (_, basic, takesWrite, takesRead) => {
    expect(selects(basic ? { basic } : {}, write)).toBe(takesWrite);
    expect(selects(basic ? { basic } : {}, read)).toBe(takesRead);
  });
});

describe('advanced selectors', () => {
  it.each([
    ['all management events', [management], true, true],
    ['data events only', [{ Field: 'eventCategory', Equals: ['Data'] }], false, false],
    ['writes', [management, { Field: 'readOnly', Equals: ['false'] }], true, false],
    ['not this source', [management, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }], false, false],
    ['another source left out', [management, { Field: 'eventSource', NotEquals: ['rds.amazonaws.com'] }], true, true],
    ['names by their beginning', [management, { Field: 'eventName', StartsWith: ['Put', 'Dis'] }], true, false],
    ['nothing, without a category', [{ Field: 'readOnly', Equals: ['false'] }], false, false],
  ])('take as they say: %s', (_, FieldSelectors, takesWrite, takesRead) => {
    expect(selects({ advanced: [{ FieldSelectors }] }, write)).toBe(takesWrite);
    expect(selects({ advanced: [{ FieldSelectors }] }, read)).toBe(takesRead);
  });
});
