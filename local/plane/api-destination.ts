import {
  type ConnectionHttpParameters,
  DescribeApiDestinationCommand,
  DescribeConnectionCommand,
  type DescribeConnectionResponse,
  type EventBridgeClient,
} from '@aws-sdk/client-eventbridge';

/** A request to an API destination was not accepted. `code` as EventBridge names it in the dead-letter queue. */
export class DestinationFailure extends Error {
  override readonly name: string;
  /** Whether another attempt may succeed. */
  readonly passing: boolean;
  /** What the receiver asked to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, passing: boolean, retryAfter?: number) {
    super(message);
    this.name = code;
    this.passing = passing;
    this.retryAfter = retryAfter;
  }
}

/** How long a receiver may take, in milliseconds. */
const EXECUTION_TIMEOUT = 5_000;
/** Statuses after which EventBridge tries again, besides all from 500; 407, another one, is a failed connection to `fetch`. */
const PASSING = [401, 409, 429];

/**
 * Sends what a target gets of an event to an API destination, once, as EventBridge does: with the connection's
 * authorization and parameters, at most 5 seconds long, following no redirect. Resolves to the status.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 * @throws DestinationFailure
 */
export async function sendToApiDestination(events: EventBridgeClient, name: string, input: string): Promise<string> {
  const destination = await events.send(new DescribeApiDestinationCommand({ Name: name }));
  const connection = await events.send(
    new DescribeConnectionCommand({ Name: destination.ConnectionArn?.split(':connection/')[1]?.split('/')[0] }),
  );
  if (destination.ApiDestinationState !== 'ACTIVE' || connection.ConnectionState !== 'AUTHORIZED') {
    throw new DestinationFailure('SDK_CLIENT_ERROR', `${name} or its connection is not active.`, true);
  }
  const invocation = connection.AuthParameters?.InvocationHttpParameters ?? {};
  const url = new URL(destination.InvocationEndpoint ?? '');
  for (const [key, value] of parameters(invocation.QueryStringParameters)) url.searchParams.set(key, value);
  const response = await fetchOnce(url, {
    method: destination.HttpMethod ?? 'POST',
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'User-Agent': 'Amazon/EventBridge/ApiDestinations',
      Range: 'bytes=0-1048575',
      ...Object.fromEntries(parameters(invocation.HeaderParameters)),
      ...authorization(connection),
    },
    body: withBody(input, parameters(invocation.BodyParameters)),
  });
  if (response.ok) return String(response.status);
  const passing = PASSING.includes(response.status) || response.status >= 500;
  const code = response.status === 429 ? 'THROTTLING' : 'ERROR_FROM_TARGET';
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const wait = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  // A negative time asks not to try again.
  throw new DestinationFailure(code, `HTTP ${response.status}`, passing && (wait ?? 0) >= 0, wait);
}

async function fetchOnce(url: URL, request: RequestInit): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(EXECUTION_TIMEOUT);
    const response = await fetch(url, { ...request, signal, redirect: 'manual' });
    await response.arrayBuffer();
    return response;
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') {
      throw new DestinationFailure('TIMEOUT', `no answer within ${EXECUTION_TIMEOUT / 1000} seconds`, true);
    }
    const { cause, message } = error as Error;
    throw new DestinationFailure('CONNECTION_FAILURE', cause instanceof Error ? cause.message : message, true);
  }
}

function authorization({ AuthorizationType, AuthParameters = {} }: DescribeConnectionResponse): Record<string, string> {
  // The emulator answers with the values too, which AWS keeps in Secrets Manager.
  const { ApiKeyAuthParameters, BasicAuthParameters } = AuthParameters as {
    ApiKeyAuthParameters?: { ApiKeyName?: string; ApiKeyValue?: string };
    BasicAuthParameters?: { Username?: string; Password?: string };
  };
  switch (AuthorizationType) {
    case 'API_KEY':
      return { [ApiKeyAuthParameters?.ApiKeyName ?? '']: ApiKeyAuthParameters?.ApiKeyValue ?? '' };
    case 'BASIC': {
      const { Username = '', Password = '' } = BasicAuthParameters ?? {};
      return { Authorization: `Basic ${Buffer.from(`${Username}:${Password}`).toString('base64')}` };
    }
    default:
      throw new DestinationFailure('SDK_CLIENT_ERROR', `${AuthorizationType} is not spoken on the local AWS.`, false);
  }
}

const parameters = (given: ConnectionHttpParameters['BodyParameters']): [string, string][] =>
  (given ?? []).map(({ Key = '', Value = '' }) => [Key, Value]);

/** Body parameters are added to a body that is a JSON object. */
function withBody(input: string, added: [string, string][]): string {
  if (added.length === 0) return input;
  const body: unknown = JSON.parse(input);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return input;
  return JSON.stringify({ ...body, ...Object.fromEntries(added) });
}
