import * as z from 'zod';
import { type Context, lambdaContext } from './context.ts';
import { errorText, InvalidInput } from './errors.ts';

/** A Lambda handler as Step Functions calls it. */
export type StepHandler<Output> = (event: unknown) => Promise<Output>;

/** The next call is the first of this runtime environment: what it takes until clients are made and connected counts. */
let cold = true;

/**
 * Makes a Lambda handler of a step: validates the input, logs with the incident's id and how long it took, and lets errors
 * go on to Step Functions, whose Retry and Catch deal with them.
 */
export function stepHandler<Input, Output>(
  schema: z.ZodType<Input>,
  run: (input: Input, context: Context) => Promise<Output>,
): StepHandler<Output> {
  return async (event) => {
    const began = performance.now();
    const first = cold;
    cold = false;
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
      const output = await run(data, context);
      const ms = Math.round((performance.now() - began) * 10) / 10;
      context.log.info('step done', { function: process.env.AWS_LAMBDA_FUNCTION_NAME, ms, cold: first });
      return output;
    } catch (failure) {
      context.log.error(errorText(failure), failure as Error);
      throw failure;
    }
  };
}
