import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import type { Mark } from '../playbooks/figures.ts';
import type { AnswerKind } from '../playbooks/question.ts';
import type { Connection } from './connection.ts';
import { CliFailure } from './failure.ts';

/** What an analyst sends: an answer to a question, the wish to undo an action, or what an incident turned out to be. */
export type Sent = { incidentId: string; note: string } & (
  | { answer: AnswerKind; key: string }
  | { answer: 'undo'; key: string; force: boolean }
  | { answer: 'mark'; mark: Mark }
);

/** What is said of an answer that was taken. */
const taken = z.looseObject({
  status: z.string().optional(),
  what: z.string().optional(),
  execution: z.string().optional(),
});
export type Taken = z.infer<typeof taken>;

const refused = z.looseObject({ message: z.string() });

/** As whom, and where: what the AWS CLI's options and environment say, unless told. */
export interface AnswersConfig extends Connection {
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/**
 * The address that takes answers, called with the analyst's own credentials: AWS says who answers, and nobody else can.
 * The address is the output `AnswersUrl` of the installation's stack.
 */
export class Answers {
  readonly #prefix: string;
  readonly #config: AnswersConfig;
  #url: Promise<URL> | undefined;

  constructor(prefix: string, config: AnswersConfig) {
    this.#prefix = prefix;
    this.#config = config;
  }

  /**
   * Sends an answer.
   * @throws {CliFailure} with what the address says when it refuses it
   */
  async send(answer: Sent): Promise<Taken> {
    this.#url ??= this.#address();
    const { status, body } = await this.#post(await this.#url, JSON.stringify(answer));
    const content = parsed(body);
    if (status === 200) return taken.parse(content);
    const { data } = refused.safeParse(content);
    const message = data?.message ?? body.slice(0, 300);
    if (status === 403 && !('error' in (content as object))) {
      throw new CliFailure(
        'setup',
        `AWS does not let you answer: ${message} Your user or role needs the managed policy ${this.#prefix}-approver.`,
      );
    }
    throw new CliFailure(status === 409 ? 'settled' : 'failed', message);
  }

  async #address(): Promise<URL> {
    const cloudFormation = new CloudFormationClient(this.#config);
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: this.#prefix }));
    const url = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'AnswersUrl')?.OutputValue;
    if (!url) throw new CliFailure('setup', `The stack ${this.#prefix} has no output AnswersUrl: deploy it again.`);
    return new URL(url);
  }

  async #post(url: URL, body: string): Promise<{ status: number; body: string }> {
    const { credentials, sha256 } = new STSClient(this.#config).config;
    const signer = new SignatureV4({ credentials, sha256, region: this.#config.region, service: 'execute-api' });
    const signed = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.host,
      path: url.pathname,
      query: {},
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      },
      body,
    });
    // As the AWS CLI has it: where another endpoint is set, that is called in the service's name.
    const { AWS_ENDPOINT_URL_EXECUTE_API: own, AWS_ENDPOINT_URL: all } = process.env;
    const endpoint = new URL(this.#config.endpoint ?? own ?? all ?? url.origin);
    const send = endpoint.protocol === 'https:' ? tlsRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(
        {
          host: endpoint.hostname,
          port: endpoint.port,
          method: 'POST',
          path: url.pathname,
          headers: signed.headers,
          timeout: 60_000,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new CliFailure('failed', `${url.origin} did not answer within a minute.`)),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return { message: body.slice(0, 300) };
  }
}
