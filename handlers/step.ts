import { z } from 'zod';
import { type Context, lambdaContext } from './context.ts';
import { errorText, InvalidInput } from './errors.ts';

/** A Lambda handler as Step Functions calls it. */
export type StepHandler<Output> = (event: unknown) => Promise<Output>;

/**
 * Makes a Lambda handler of a step: validates the input, logs with the incident's id, and lets errors go on to Step
 * Functions, whose Retry and Catch deal with them.
 */
export function stepHandler<Input, Output>(
  schema: z.ZodType<Input>,
  run: (input: Input, context: Context) => Promise<Output>,
): StepHandler<Output> {
  return async (event) => {
    const context = lambdaContext();
    context.log.resetKeys();
    const { data, error } = schema.safeParse(event);
    if (error) {
      context.log.error('input refused', { problems: z.prettifyError(error) });
      throw new InvalidInput(`The step's input is not usable. ${z.prettifyError(error)}`);
    }
    const incidentId = (event as { incidentId?: unknown }).incidentId;
    if (typeof incidentId === 'string') context.log.appendKeys({ incidentId });
    try {
      return await run(data, context);
    } catch (failure) {
      context.log.error(errorText(failure), failure as Error);
      throw failure;
    }
  };
}
