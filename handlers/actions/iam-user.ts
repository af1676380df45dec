import * as z from 'zod';

/** An IAM user, by name. */
export const userTarget = z.object({ user: z.string().min(1).max(64) });

/** The access of a user, by keys and policy, as a thing that several actions may hold. */
export const accessOf = (user: string): string => `access/user/${user}`;
