import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendToApiDestination } from '../../local/plane/api-destination.ts';
import { EventBuses } from '../../local/plane/event-bus.ts';
import { Work } from '../../local/plane/work.ts';
import { Signals } from '../../local/signals.ts';
import { type LoopbackServer, listening } from '../loopback-server.ts';
import { FakeAws } from './fake-aws.ts';

let aws: FakeAws;
let server: LoopbackServer;
let answer: RequestListener;
let requests: { headers: IncomingMessage['headers']; url: string; body: string }[];
beforeEach(async () => {
  aws = new FakeAws();
  requests = [];
  const receiving = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      requests.push({ headers: incoming.headers, url: incoming.url ?? '', body: Buffer.concat(chunks).toString() });
      answer(incoming, outgoing);
    });
  });
  server = await listening(receiving);
  aws.answers.DescribeApiDestination = () => ({
    ...{ ApiDestinationState: 'ACTIVE', HttpMethod: 'POST', InvocationEndpoint: `${server.url}/hook?a=1` },
    ConnectionArn: 'arn:aws:events:us-east-1:111122223333:connection/pager/5f7d',
  });
  aws.answers.DescribeConnection = ({ Name }) => ({
    ...{ Name, ConnectionState: 'AUTHORIZED', AuthorizationType: 'API_KEY' },
    AuthParameters: {
      ApiKeyAuthParameters: { ApiKeyName: 'X-Sent-By', ApiKeyValue: 'cordon' },
      InvocationHttpParameters: {
        BodyParameters: [{ Key: 'routing_key', Value: 'secret', IsValueSecret: true }],
        HeaderParameters: [{ Key: 'X-More', Value: 'more' }],
        QueryStringParameters: [{ Key: 'b', Value: '2' }],
      },
    },
  });
});
afterEach(() => server.close());

const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_, outgoing) =>
    outgoing.writeHead(code, headers).end();
const send = (input = '{"event_action":"trigger"}') => sendToApiDestination(aws.in('us-east-1').events, 'pager', input);

describe('a request to an API destination', () => {
  it("carries the connection's authorization and parameters", async () => {
    answer = status(202);

    expect(await send()).toBe('202');

    const [request] = requests;
    expect(aws.inputs('DescribeConnection')).toEqual([{ Name: 'pager' }]);
    expect(request?.url).toBe('/hook?a=1&b=2');
    expect(request?.headers).toMatchObject({
      'x-sent-by': 'cordon',
      'x-more': 'more',
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Amazon/EventBridge/ApiDestinations',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({ event_action: 'trigger', routing_key: 'secret' });
  });

  it('leaves a body alone that is no object', async () => {
    answer = status(200);
    await send('"text"');
    expect(requests[0]?.body).toBe('"text"');
  });

  it.each([
    [401, true],
    [409, true],
    [429, true],
    [500, true],
    [503, true],
    [301, false],
    [400, false],
    [403, false],
    [404, false],
    [410, false],
  ])('answered %i is tried again: %s', async (code, passing) => {
    answer = status(code, { Location: 'http://127.0.0.1:9/' });

    await expect(send()).rejects.toMatchObject({
      name: code === 429 ? 'THROTTLING' : 'ERROR_FROM_TARGET',
      message: `HTTP ${code}`,
      passing,
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['3', true, 3_000],
    ['-1', false, -1_000],
    ['soon', true, undefined],
  ])('heeds Retry-After: %s', async (after, passing, retryAfter) => {
    answer = status(503, { 'Retry-After': after });
    await expect(send()).rejects.toMatchObject({ passing, retryAfter });
  });

  it('to a dead receiver is tried again', async () => {
    await server.close();
    await expect(send()).rejects.toMatchObject({ name: 'CONNECTION_FAILURE', passing: true });
  });

  it('answered 407 is tried again', async () => {
    answer = status(407);
    await expect(send()).rejects.toMatchObject({ passing: true });
  });

  it('is not made where the connection is not authorized', async () => {
    aws.answers.DescribeConnection = () => ({ ConnectionState: 'DEAUTHORIZED' });
    await expect(send()).rejects.toMatchObject({ name: 'SDK_CLIENT_ERROR' });
    expect(requests).toEqual([]);
  });
});

describe('what the emulator hands over', () => {
  const detail = { slack: { text: 'a "quoted"\nline' } };
  const handed = {
    region: 'us-east-1',
    event: {
      ...{ version: '0' as const, id: 'e-1', 'detail-type': 'Incident Opened', source: 'cordon' },
      ...{ account: '111122223333', time: '2026-03-01T10:00:00Z', region: 'us-east-1', resources: [], detail },
    },
    rule: {
      Name: 'cordon-slack',
      Arn: 'arn:aws:events:us-east-1:111122223333:rule/bus/cordon-slack',
      EventBusName: 'bus',
    },
    target: {
      Id: 'slack',
      Arn: 'arn:aws:events:us-east-1:111122223333:api-destination/pager',
      InputPath: '$.detail.slack',
      RetryPolicy: { MaximumRetryAttempts: 2 },
      DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:111122223333:dead' },
    },
  };
  const deliver = async (): Promise<{ error?: string | undefined; started?: string | undefined }> => {
    const signals = new Signals();
    const buses = new EventBuses({ clients: aws, work: new Work(() => undefined), signals, now: () => aws.now });
    const over = new Promise<{ error?: string | undefined; started?: string | undefined }>((resolve) =>
      signals.once('delivery', (told) => setImmediate(() => resolve(told))),
    );
    buses.deliver(handed);
    return over;
  };

  it('is delivered as the target asks for it, again until it is accepted', async () => {
    answer = (incoming, outgoing) => status(requests.length < 3 ? 503 : 200)(incoming, outgoing);

    const told = await deliver();

    expect(told).toMatchObject({ started: '200' });
    expect(requests).toHaveLength(3);
    expect(JSON.parse(requests[2]?.body ?? '')).toEqual({ ...detail.slack, routing_key: 'secret' });
    expect(aws.inputs('SendMessage')).toEqual([]);
  });

  it('goes to the dead-letter queue once its attempts are used up', async () => {
    answer = status(500);

    await deliver();

    expect(requests).toHaveLength(3);
    expect(aws.inputs('SendMessage')).toMatchObject([
      {
        QueueUrl: 'http://queue/dead',
        MessageAttributes: {
          ERROR_CODE: { StringValue: 'ERROR_FROM_TARGET' },
          RETRY_ATTEMPTS: { StringValue: '2' },
          EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
        },
      },
    ]);
  });
});
