import { describe, expect, it } from 'vitest';
import { readTrail } from '../../handlers/trails/read-trail.ts';
import { Desk, TRAIL } from './desk.ts';
import { refusal } from './fake-account.ts';

/** CloudTrail as it answers of a trail, each call by its name; what an answer throws is thrown. */
const cloudTrail = (answers: Record<string, () => Promise<object>>) => ({
  ...new Desk().context,
  client: (() => ({
    send: (command: object) => answers[command.constructor.name.replace(/Command$/, '')]?.() ?? Promise.resolve({}),
  })) as never,
});

describe('a trail that is gone', () => {
  it.each([
    ['GetTrail', 'TrailNotFoundException'],
    // The calls are made at once: whichever refusal comes first says that there is none.
    ['ListTags', 'ResourceNotFoundException'],
  ])('is said not to exist where %s is the first to say %s', async (call, error) => {
    const context = cloudTrail({ [call]: () => Promise.reject(refusal(error)) });
    expect(await readTrail(TRAIL, context)).toBeUndefined();
  });

  it('is not taken for gone where it may not be read', async () => {
    const context = cloudTrail({ GetTrail: () => Promise.reject(refusal('AccessDeniedException')) });
    await expect(readTrail(TRAIL, context)).rejects.toThrow('AccessDeniedException');
  });
});
