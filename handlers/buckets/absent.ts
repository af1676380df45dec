import { errorName } from '../errors.ts';

/** Runs `read`; an error of one of those names means that there is nothing. */
export async function absentIf<T>(names: readonly string[], read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (names.includes(errorName(error))) return undefined;
    throw error;
  }
}
