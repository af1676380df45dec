import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { failed } from '../../playbooks/parameters.ts';
import { narrowing, trailArnOf, trailName } from '../../playbooks/trails.ts';

const ACCOUNT = '111122223333';
const ARN = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/cordon`;

const record = (eventName: string, requestParameters: unknown, rest: object = {}): CloudTrailRecord =>
  cloudTrailRecord.parse({
    eventID: 'e-1',
    eventTime: '2026-05-01T03:00:00Z',
    eventSource: 'cloudtrail.amazonaws.com',
    awsRegion: 'us-east-1',
    eventName,
    requestParameters,
    ...rest,
  });

const denied = (resource: string) =>
  record('StopLogging', null, {
    errorCode: 'AccessDenied',
    errorMessage: `User: arn:aws:iam::${ACCOUNT}:user/mallory is not authorized to perform: cloudtrail:StopLogging on resource: ${resource}`,
  });

describe('trailArnOf', () => {
  it.each([
    ['a name', record('StopLogging', { name: 'cordon' }), ARN],
    ['an ARN', record('StopLogging', { name: ARN }), ARN],
    ['the name of PutEventSelectors', record('PutEventSelectors', { trailName: 'cordon' }), ARN],
    ['the ARN of PutInsightSelectors', record('PutInsightSelectors', { trailName: ARN }), ARN],
    [
      'a name in another region',
      record('StopLogging', { name: 'cordon' }, { awsRegion: 'eu-west-1' }),
      `arn:aws:cloudtrail:eu-west-1:${ACCOUNT}:trail/cordon`,
    ],
    ['the message of a refused call', denied(`${ARN} because no identity-based policy allows it`), ARN],
    ['a message that ends with the ARN and a full stop', denied(`${ARN}.`), ARN],
    ['a name with dots', denied(`${ARN}.v2_a-b`), `${ARN}.v2_a-b`],
    ['no name at all', record('StopLogging', {}), undefined],
    ['a name that is none', record('StopLogging', { name: 7 }), undefined],
    ['no parameters and no message', record('StopLogging', null, { errorCode: 'AccessDenied' }), undefined],
  ])('finds %s', (_, call, expected) => {
    expect(trailArnOf(call, ACCOUNT)).toBe(expected);
  });

  it('gives the name back', () => {
    expect(trailName(ARN)).toBe('cordon');
  });
});

describe('narrowing', () => {
  const selectors = (eventSelectors: unknown) => record('PutEventSelectors', { trailName: 'cordon', eventSelectors });
  const advanced = (...fieldSelectors: unknown[]) =>
    record('PutEventSelectors', { trailName: 'cordon', advancedEventSelectors: [{ name: 'all', fieldSelectors }] });
  const management = { field: 'eventCategory', equals: ['Management'] };

  it.each([
    ['StopLogging', record('StopLogging', { name: 'cordon' }), 'logging stopped'],
    ['DeleteTrail', record('DeleteTrail', { name: 'cordon' }), 'trail deleted'],
    ['one region', record('UpdateTrail', { isMultiRegionTrail: false }), 'other regions left out'],
    [
      'several at once',
      record('UpdateTrail', { includeGlobalServiceEvents: false, enableLogFileValidation: false, s3BucketName: 'b' }),
      'global services left out, log file validation off, bucket changed',
    ],
    ['the log group taken away', record('UpdateTrail', { cloudWatchLogsLogGroupArn: '' }), 'log group changed'],
    ['another delivery role', record('UpdateTrail', { cloudWatchLogsRoleArn: 'arn:x' }), 'delivery role changed'],
    ['no more organization', record('UpdateTrail', { isOrganizationTrail: false }), 'other accounts'],
    [
      'no management events',
      selectors([{ readWriteType: 'All', includeManagementEvents: false }]),
      'management events',
    ],
    ['writes left out', selectors([{ readWriteType: 'ReadOnly', includeManagementEvents: true }]), 'management events'],
    ['a source left out', selectors([{ excludeManagementEventSources: ['kms.amazonaws.com'] }]), 'management events'],
    ['no selectors', selectors([]), 'management events'],
    ['data events only', advanced({ field: 'eventCategory', equals: ['Data'] }), 'management events'],
    ['reads only', advanced(management, { field: 'readOnly', equals: ['true'] }), 'management events'],
    ['no Insights', record('PutInsightSelectors', { insightSelectors: [] }), 'Insights turned off'],
  ])('names %s', (_, call, expected) => {
    expect(narrowing(call)).toContain(expected);
  });

  it.each([
    ['UpdateTrail that widens', record('UpdateTrail', { name: 'cordon', isMultiRegionTrail: true })],
    ['UpdateTrail of the topic', record('UpdateTrail', { name: 'cordon', snsTopicName: 'cordon-deliveries' })],
    ['selectors that take all', selectors([{ readWriteType: 'All', includeManagementEvents: true }])],
    ['one selector as an object', selectors({ readWriteType: 'All', includeManagementEvents: true })],
    ['selectors by their defaults', selectors([{ dataResources: [] }])],
    ['advanced selectors that take all', advanced(management)],
    ['Insights on', record('PutInsightSelectors', { insightSelectors: [{ insightType: 'ApiCallRateInsight' }] })],
    ['StartLogging', record('StartLogging', { name: 'cordon' })],
  ])('finds nothing in %s', (_, call) => {
    expect(narrowing(call)).toBeUndefined();
  });

  it('never throws, whatever the parameters are', () => {
    const names = ['StopLogging', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors'];
    const fields = ['name', 'trailName', 'eventSelectors', 'advancedEventSelectors', 'fieldSelectors', 'equals'];
    const odd = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()));
    const property = fc.property(fc.constantFrom(...names), odd, (name, parameters) => {
      const call = record(name, parameters);

      narrowing(call);
      expect(trailArnOf(call, ACCOUNT) ?? 'arn:').toMatch(/^arn:/);
    });

    fc.assert(property, { numRuns: 500 });
  });
});

describe('failed', () => {
  it.each([
    ['a refused call', record('StopLogging', null, { errorCode: 'AccessDenied' }), true],
    ['an error that is no text', record('StopLogging', null, { errorCode: { Code: 'AccessDenied' } }), true],
    ['a null error', record('StopLogging', {}, { errorCode: null }), false],
    ['a failed sign-in', record('ConsoleLogin', null, { responseElements: { ConsoleLogin: 'Failure' } }), true],
    ['a sign-in', record('ConsoleLogin', null, { responseElements: { ConsoleLogin: 'Success' } }), false],
    ['a call', record('StopLogging', { name: 'cordon' }), false],
  ])('judges %s', (_, call, expected) => {
    expect(failed(call)).toBe(expected);
  });
});
