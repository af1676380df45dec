import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Prepared } from '../../local/attacks/attack.ts';
import trailTampering from '../../local/attacks/trail-tampering.ts';
import { Desk, type Played } from './harness/desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open('trail-tampering');
});
afterAll(() => desk?.close());

describe('an IAM user stops the trail', () => {
  let prepared: Prepared;
  let played: Played;
  beforeAll(async () => {
    prepared = await trailTampering.prepare(desk.stage());
    played = await desk.play({ attack: () => prepared.attack(() => {}), stopsTrail: true });
  });

  it('sets off its alarm once, which returns', () => {
    expect(played.alarm).toEqual(['ALARM', 'OK']);
  });
});
