import { describe, expect, it } from 'vitest';
import { necessary } from '../../backtest/scan/necessary.ts';
import { all, any, exists, is, isNot, like, missing, oneOf } from '../../playbooks/matching/match.ts';

describe('what a record cannot do without', () => {
  it('is a value, as deep in the record as its path says', () => {
    expect(necessary(is('userIdentity.type', 'Root')).texts).toEqual([{ text: 'Root', level: 2 }]);
    expect(necessary(is('resources[0].type', 'AWS::S3::Object')).texts).toEqual([{ text: 'AWS::S3::Object' }]);
  });

  it('is a key where no value is known, with what its value must contain', () => {
    expect(necessary(exists('errorCode')).texts).toEqual([{ text: 'errorCode', level: 1 }]);
    expect(necessary(like('errorCode', 'AccessDenied*')).texts).toEqual([
      { text: 'errorCode', level: 1, contains: 'AccessDenied' },
    ]);
  });

  it('is a text beside the name where it says more', () => {
    const failed = necessary(all(is('eventName', 'ConsoleLogin'), is('errorMessage', 'Failed authentication')));
    expect(failed.texts).toEqual([{ text: 'Failed authentication', level: 1 }]);
    expect(['ConsoleLogin', 'StopLogging', undefined].map(failed.couldHaveName)).toEqual([true, false, false]);
  });

  it('is the name alone where nothing else tells records apart', () => {
    const calls = all(is('eventSource', 'iam.amazonaws.com'), oneOf('eventName', ['CreateUser', 'DeleteUser']));
    expect(necessary(calls).texts).toBeUndefined();
    expect(necessary(all(like('eventName', 'Delete*'), missing('errorCode'))).texts).toBeUndefined();
  });

  it('is one of several where one of several must hold', () => {
    const either = any(is('eventName', 'StopLogging'), all(is('userIdentity.type', 'Root'), isNot('a', 'b')));
    expect(necessary(either).texts).toEqual([
      { text: 'StopLogging', level: 1 },
      { text: 'Root', level: 2 },
    ]);
    expect(necessary(any(is('eventName', 'StopLogging'), missing('errorCode'))).texts).toBeUndefined();
  });
});
