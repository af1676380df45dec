import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Watched } from '../../../handlers/steps/watchdog.ts';
import { as, type Stage } from '../../../simulate/attack.ts';

/** Has the deployed watchdog look once, as its schedule would. */
export async function look(stage: Stage): Promise<Watched> {
  const lambda = new LambdaClient(as(stage, stage.administrator));
  try {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: 'cordon-watchdog', Payload: '{}' }),
    );
    const said = Buffer.from(Payload ?? []).toString();
    if (FunctionError) throw new Error(`The watchdog failed: ${said}`);
    return JSON.parse(said) as Watched;
  } finally {
    lambda.destroy();
  }
}
