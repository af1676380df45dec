import { describe, expect, it } from 'vitest';
import {
  extractValue,
  matchesPattern,
  parseFilterPattern,
} from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { InvalidFilterPattern } from '../../playbooks/matching/filter-pattern/scanner.ts';

const trailEvent = JSON.stringify({
  eventType: 'UpdateTrail',
  sourceIPAddress: '111.111.111.111',
  arrayKey: ['value', 'another value'],
  objectList: [
    { name: 'a', id: 1 },
    { name: 'b', id: 2 },
  ],
  SomeObject: null,
  ThisFlag: true,
  'cluster.name': 'c',
  recipientAccountId: '123456789012',
  latency: 1000,
  number: [1000, 0.001],
});

const usersEvent = JSON.stringify({
  user: { id: 1, email: 'John.Stiles@example.com' },
  users: [
    { id: 2, email: 'John.Doe@example.com' },
    { id: 3, email: 'Jane.Doe@example.com' },
  ],
  actions: ['GET', 'PUT', 'DELETE'],
  coordinates: [
    [0, 1, 2],
    [4, 5, 6],
  ],
});

const request = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';

function matches(pattern: string, message: string): boolean {
  return matchesPattern(parseFilterPattern(pattern), message);
}

describe('patterns for JSON events', () => {
  it.each([
    ['{ $.eventType = "UpdateTrail" }', true],
    ['{ $.eventType = UpdateTrail }', true],
    ['{ $.eventType = "updateTrail" }', false],
    ['{ $.eventType = "*Trail" }', true],
    ['{ $.eventType = Upd*rail }', true],
    ['{$.eventType=%Trail%}', true],
    ['{ $.eventType = %^Trail% }', false],
    ['{ $.sourceIPAddress != 123.123.* }', true],
    ['{ $.sourceIPAddress != 111.111.* }', false],
    ['{ $.arrayKey[0] = "value" }', true],
    ['{ $.arrayKey[2] = "value" }', false],
    ['{ $.arrayKey[*] = %val.{2}% }', true],
    ['{ $.arrayKey[*] = "another value" }', true],
    ['{ $.* = %111\\.111\\.111\\.1[0-9]{1,2}% }', true],
    ['{ $.objectList[1].id = 2 }', true],
    ['{ $.objectList[*].name = "b" }', true],
    ['{ $.[\'cluster.name\'] = "c" }', true],
    ['{ $.SomeObject IS NULL }', true],
    ['{ $.ThisFlag IS TRUE }', true],
    ['{ $.ThisFlag IS FALSE }', false],
    ['{ $.SomeOtherObject NOT EXISTS }', true],
    ['{ $.SomeObject NOT EXISTS }', false],
    ['{ $.SomeOtherObject IS NULL }', false],
    ['{ $.recipientAccountId = 123456789012 }', true],
    ['{ $.latency = * }', true],
    ['{ $.latency > 999.5 }', true],
    ['{ $.latency >= +1000 }', true],
    ['{ $.latency < 10e2 }', false],
    ['{ $.latency <= 1e+3 }', true],
    ['{ $.latency != 500 }', true],
    ['{ $.number[0] = 1e+3 }', true],
    ['{ $.number[1] != 1e-3 }', false],
    ['{ $.eventType > 5 }', false],
    ['{ $.eventType != 5 }', true],
  ])('%s gives %s', (pattern, expected) => {
    const result = matches(pattern, trailEvent);
    expect(result).toBe(expected);
  });

  it.each([
    ['{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', true],
    ['{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no" && $.actions[2] = "no" }', true],
    ['{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no") && $.actions[2] = "no" }', false],
    ['{ ($.user.id = 2 && $.users[0].email = "no") || $.actions[2] = "GET" }', false],
    ['{($.coordinates[1][2]=6)&&(($.user.id=1)||($.user.id=2))}', true],
  ])('combines conditions: %s gives %s', (pattern, expected) => {
    const result = matches(pattern, usersEvent);
    expect(result).toBe(expected);
  });

  it.each([
    '{ $.users = 1 }',
    '{ $.users != 1 }',
    '{ $.user != "x" }',
    '{ $.absent != "x" }',
    '{ $.absent != 5 }',
    '{ $.absent = "*" }',
    '{ $.toString != "x" }',
  ])('does not match on what is no value node: %s', (pattern) => {
    const result = matches(pattern, usersEvent);
    expect(result).toBe(false);
  });

  it('matches the root usage pattern of the CIS benchmark', () => {
    const pattern = parseFilterPattern(
      '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}',
    );
    const byRoot = { userIdentity: { type: 'Root' }, eventType: 'AwsApiCall' };
    const byService = {
      userIdentity: { type: 'Root', invokedBy: 'autoscaling.amazonaws.com' },
      eventType: 'AwsApiCall',
    };

    const results = [byRoot, byService, { userIdentity: { type: 'Root' } }].map((record) =>
      matchesPattern(pattern, JSON.stringify(record)),
    );

    expect(results).toEqual([true, false, false]);
  });

  it.each(['', 'ERROR', '["{"]', '{"broken": ', 'null'])(
    'does not match a message that is no JSON object: %j',
    (message) => {
      const result = matches('{ $.a NOT EXISTS }', message);
      expect(result).toBe(false);
    },
  );
});

describe('patterns of words', () => {
  it.each([
    ['', 'anything', true],
    ['" "', 'anything', true],
    ['ERROR', '[ERROR 401] UNAUTHORIZED REQUEST', true],
    ['error', '[ERROR 401] UNAUTHORIZED REQUEST', false],
    ['ERROR ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', true],
    ['ERROR ARGUMENTS', '[ERROR 400] BAD REQUEST', false],
    ['?ERROR ?ARGUMENTS', 'MISSING ARGUMENTS', true],
    ['?ERROR ?ARGUMENTS', 'MISSING', false],
    ['?ERROR ?ARGUMENTS REQUEST', '[INFO] REQUEST FAILED', true],
    ['"INTERNAL SERVER ERROR"', '[ERROR 500] INTERNAL SERVER ERROR', true],
    ['"INTERNAL SERVER ERROR"', '[ERROR 500] SERVER INTERNAL', false],
    ['ERROR -ARGUMENTS', '[ERROR 400] BAD REQUEST', true],
    ['ERROR -ARGUMENTS', '[ERROR 419] MISSING ARGUMENTS', false],
    ['-"MISSING ARGUMENTS"', '[ERROR 419] MISSING ARGUMENTS', false],
    ['%AUTHORIZED%', '[ERROR 401] UNAUTHORIZED REQUEST', true],
    ['%^starting|^initializing|^shutting down%', 'skipping initializing', false],
    ['%10\\.10\\.0\\.1%', 'from 10.10.0.1', true],
    ['%\\u0041\\x42%', 'ABC', true],
    ['%\\\\u0041%', 'A', false],
    // What takes a backtracking engine longer than anybody waits.
    [`%${'[a-z]*'.repeat(7)}1%`, 'a'.repeat(20_000), false],
    ['%^a{0,200}a{0,200}a{0,200}b%', 'a'.repeat(5000), false],
  ])('%s on %s gives %s', (pattern, message, expected) => {
    const result = matches(pattern, message);
    expect(result).toBe(expected);
  });
});

describe('patterns for space-delimited events', () => {
  it.each([
    ['[ip, user, username, timestamp, request, status_code, bytes]', true],
    ['[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]', true],
    ['[..., request =*.html*, status_code = 4*, bytes]', true],
    ['[..., request=*.html*, status_code=4*,]', true],
    ['[ip, user, ...]', true],
    ['[ip, user, ..., status_code, bytes > 1000]', true],
    ['[ip, user, ..., status_code, bytes > 2000]', false],
    ['[..., status_code = 404 || status_code = 410, bytes]', true],
    ['[..., status_code = 4* && status_code != 404, bytes]', false],
    ['[..., timestamp = 10/Oct*, request, status_code, bytes]', true],
    ['[a, b, c, d, e, f, g, h]', false],
  ])('%s gives %s', (pattern, expected) => {
    const result = matches(pattern, request);
    expect(result).toBe(expected);
  });

  it('gives the last place the rest of the event', () => {
    const lines = ['ERROR 09/25/2014 12:00:02 Failed to process request', 'WARNING 09/25/2014 Invalid', 'INFO x'];

    const results = ['[w1=ERROR, w2]', '[w1=ERROR || w1=WARNING, w2]', '[w1!=ERROR && w1!=WARNING, w2]'].map(
      (pattern) => lines.map((line) => matches(pattern, line)),
    );

    expect(results).toEqual([
      [true, false, false],
      [true, true, false],
      [false, false, true],
    ]);
  });
});

describe('values for a metric', () => {
  it('come from the matching event', () => {
    const json = parseFilterPattern('{ $.latency = * }');
    const fields = parseFilterPattern('[..., status_code, bytes]');

    const values = [
      extractValue(json, '$.latency', trailEvent),
      extractValue(json, '$.objectList[1].name', trailEvent),
      extractValue(json, '$.absent', trailEvent),
      extractValue(json, '$.arrayKey', trailEvent),
      extractValue(fields, '$bytes', request),
      extractValue(fields, '$.status_code', request),
    ];

    expect(values).toEqual(['1000', 'b', undefined, undefined, '1534', '404']);
  });
});

describe('patterns that CloudWatch refuses', () => {
  it.each([
    ['{ $.a = "b" ', 12, '"}" is expected'],
    ['{ $.a EXISTS }', 6, 'no "EXISTS"'],
    ['{ $.a IS NOT NULL }', 9, 'no "IS NOT"'],
    ['{ $.a == "b" }', 7, 'a text, a number'],
    ['{ a = "b" }', 2, 'a selector'],
    ['{ $.a > "b" }', 8, 'numbers only'],
    ['{ $.a[*].b[*] = 1 }', 2, 'one wildcard'],
    ['{ $.*=1 || $.b.*=1 || $.c.*=1 || $.d.*=1 }', 33, 'three selectors'],
    ['{ $.a = %x% || $.b = %y% || $.c = %z% }', 34, 'two regular expressions'],
    ['{ $.a = %some!% }', 13, '"!" is not supported'],
    ['{ $.a = "b }', 8, 'no end'],
    ['{ $.a = "b" } x', 14, 'nothing may follow'],
    ['{ ($.a = "b" }', 13, '")" is expected'],
    ['[a, ..., b, ...]', 12, 'one ellipsis'],
    ['[a=1, b=2 && a=1]', 13, 'not on its field'],
    ['ERROR [x]', 6, 'double quotes'],
    ['user@example.com', 4, 'double quotes'],
  ])('%s: position %i, %s', (pattern, position, reason) => {
    const read = () => parseFilterPattern(pattern);

    expect(read).toThrow(InvalidFilterPattern);
    expect(read).toThrow(reason);
    expect(read).toThrow(expect.objectContaining({ position }));
  });
});
