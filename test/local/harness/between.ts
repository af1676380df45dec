import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { as, type Stage } from '../../../simulate/attack.ts';
import { type LoopbackServer, listening } from '../../loopback-server.ts';
import { eventually } from './eventually.ts';

/** What a call is answered with in the place of AWS. */
export interface Answer {
  status: number;
  body: string;
}

/**
 * Starts what stands in front of a local AWS: it lets calls through as they are, but for those that are answered here. A signed call
 * passes unchanged, the host that it was signed for included.
 * @param answered is given a call's request line and body; the call goes through when it comes to nothing
 */
export async function startBetween(
  upstream: string,
  answered: (call: string) => Promise<Answer | undefined> | Answer | undefined,
): Promise<LoopbackServer> {
  const { hostname, port } = new URL(upstream);
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const answer = await answered(
      `${incoming.method} ${incoming.url} ${incoming.headers['x-amz-target'] ?? ''}\n${body.toString()}`,
    );
    if (answer) response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
    else pass(incoming, body, response, { hostname, port });
  });
  return listening(server);
}

function pass(
  { method, url: path, headers }: IncomingMessage,
  body: Buffer,
  answer: ServerResponse,
  to: { hostname: string; port: string },
): void {
  const outgoing = request({ ...to, method, path, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  outgoing.on('error', () => answer.destroy());
  outgoing.end(body);
}

/** Has a deployed function make its calls to a service somewhere else, while `work` is done: `IAM`, `S3`. */
export async function withEndpoint<T>(
  stage: Stage & { unrecorded: string },
  FunctionName: string,
  service: string,
  url: string,
  work: () => Promise<T>,
): Promise<T> {
  // Past the recorder: whoever changes one of cordon's functions so that anybody could see it is an offender.
  const lambda = new LambdaClient({ ...as(stage, stage.administrator), endpoint: stage.unrecorded });
  const { Environment: before } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const set = async (Variables: Record<string, string>) => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
    await eventually(
      `the configuration of ${FunctionName}`,
      async () => {
        const { LastUpdateStatus } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
        return LastUpdateStatus === 'Successful' || undefined;
      },
      async () => 'It is still being updated.',
    );
  };
  const variables = before?.Variables ?? {};
  try {
    await set({ ...variables, [`AWS_ENDPOINT_URL_${service}`]: url });
    return await work();
  } finally {
    await set(variables);
    lambda.destroy();
  }
}
