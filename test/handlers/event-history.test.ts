import { beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../handlers/context.ts';
import { lookUp } from '../../handlers/trails/event-history.ts';
import { Desk } from './desk.ts';

const SEARCH = { region: 'us-east-1', by: 'Username', value: 'mallory', pages: 3 } as const;
const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

let desk: Desk;
/** What LookupEvents answers, one after the other: a token when there is more, an error. */
let answers: ({ NextToken?: string } | Error)[];
let pauses: number[];
let context: Context;

beforeEach(() => {
  desk = new Desk();
  pauses = [];
  const client = {
    send: async () => {
      const answer = answers.shift() ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  context = { ...desk.context, client: <C>() => client as C };
});

const search = () => {
  const to = desk.account.now;
  const from = new Date(to.getTime() - 60_000);
  return lookUp({ ...SEARCH, from, to }, context, async (ms) => {
    pauses.push(ms);
    desk.pass(ms / 1000);
  });
};

describe('event history', () => {
  it('is asked at once the first time: what is found out after it waits', async () => {
    answers = [{}];

    await search();

    expect(pauses).toEqual([]);
  });

  it('is asked twice a second at most, over the pages of one search and over searches', async () => {
    answers = [{ NextToken: 'a' }, {}, {}];

    await search();
    desk.pass(0.2);
    await search();

    expect(pauses).toEqual([500, 300]);
  });

  it('is asked again ever more slowly while it throttles', async () => {
    answers = [throttled, throttled, {}];

    expect(await search()).toEqual({ records: [], more: false });

    expect(pauses).toEqual([1000, 2000]);
  });

  it('is given up when it goes on throttling', async () => {
    answers = Array.from({ length: 6 }, () => throttled);

    await expect(search()).rejects.toThrow(throttled);
  });

  it('says that there is more than was read', async () => {
    answers = [{ NextToken: 'a' }, { NextToken: 'b' }, { NextToken: 'c' }];

    expect(await search()).toMatchObject({ more: true });
  });
});
