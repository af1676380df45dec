import { CliFailure } from './failure.ts';

/** What an error of AWS means at the terminal. What explains it is loaded only then: a backtest of files needs no AWS. */
export async function explained(
  error: unknown,
  { region = '', profile }: { region?: string | undefined; profile?: string | undefined },
): Promise<unknown> {
  if (error instanceof CliFailure || !isOfAws(error)) return error;
  const { explain } = await import('./explain.ts');
  return explain(error, { region, prefix: 'cordon', ...(profile ? { profile } : {}) });
}

/** Errors of the SDK tell about the request; anything else is a defect, and shows as one. */
const isOfAws = (error: unknown): boolean =>
  error instanceof Error &&
  ('$metadata' in error ||
    '$fault' in error ||
    /Provider|ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(`${error.name} ${error.message}`));
