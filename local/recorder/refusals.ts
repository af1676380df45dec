import { headerValue, type SeenResponse } from './exchange.ts';
import type { Call } from './identify.ts';
import { parseCbor, parseJson } from './protocols/json.ts';
import type { Structure } from './protocols/values.ts';
import { elements, parseXml, repeated, textOf } from './protocols/xml.ts';

/** Why a call was refused or failed, as a record has it. */
export interface Refusal {
  errorCode: string;
  errorMessage?: string;
  /** The caller may not do this (as opposed to: it cannot be done). */
  denied: boolean;
}

const DENIED =
  /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError(Exception)?|NotAuthorized|UnauthorizedAccess)$/;
/**
 * Answers to credentials that cannot be authenticated: nobody in this account made the call, and CloudTrail does not record it.
 * A deactivated or deleted key, a wrong signature and an expired session are among them.
 */
const UNAUTHENTICATED =
  /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|InvalidAccessKeyId|MissingAuthenticationToken(Exception)?|MissingAuthorizationParameter|MissingSecurityHeader|IncompleteSignature(Exception)?|AuthFailure|RequestExpired|RequestTimeTooSkewed|ExpiredToken(Exception)?|InvalidToken|CredentialDateMismatch)$/;

/** The error that an answer carries, in whichever protocol; undefined for a success. S3's redirect to a bucket's region is an error. */
export function readError(call: Call, response: SeenResponse): { code: string; message?: string } | undefined {
  if (response.status < 300) return undefined;
  const header = headerValue(response.headers, 'x-amzn-errortype');
  const type = headerValue(response.headers, 'content-type') ?? '';
  const json = type.includes('cbor') || call.protocol === 'cbor' ? parseCbor(response.body) : parseJson(response.body);
  if (json || header !== undefined) {
    const code = bare(header ?? json?.__type ?? json?.code ?? json?.Code);
    const message = json?.message ?? json?.Message ?? json?.errorMessage;
    return { code: code || statusCode(response.status), ...(typeof message === 'string' && { message }) };
  }
  const root = parseXml(response.body);
  const top = root?.root === 'Error' ? elements(root.content) : elements(root?.content);
  const error = root?.root === 'Error' ? top : elements(repeated(top.Error ?? elements(top.Errors).Error)[0]);
  const message = textOf(error.Message);
  return { code: textOf(error.Code) || statusCode(response.status), ...(message && { message }) };
}

/** `com.amazonaws.x#Name:http://...` to `Name`. */
function bare(type: unknown): string {
  return String(type ?? '')
    .replace(/^.*#/, '')
    .replace(/:.*$/, '');
}

/** An answer to HEAD has no body to name its error. */
function statusCode(status: number): string {
  if (status === 403) return 'AccessDenied';
  return status === 404 ? 'NotFound' : status >= 500 ? 'InternalFailure' : 'BadRequest';
}

/** Whether the answer says that the caller could not be authenticated, so that CloudTrail records nothing. */
export function isUnauthenticated(code: string): boolean {
  return UNAUTHENTICATED.test(code);
}

/**
 * A refusal as CloudTrail writes it: the service's exception by its name, `AccessDenied` for every service that refuses, EC2's codes
 * with `Client.` or `Server.` before them; and, when access was denied, the target in the message.
 */
export function refusal(
  call: Call,
  input: Structure,
  error: { code: string; message?: string },
  response: SeenResponse,
  account: string,
): Refusal {
  const denied = DENIED.test(error.code);
  const message =
    denied && error.message !== undefined ? nameTarget(call, input, error.message, account) : error.message;
  return {
    errorCode: errorCode(call, error.code, denied, response.status),
    ...(message && { errorMessage: message }),
    denied,
  };
}

function errorCode({ model, operation }: Call, code: string, denied: boolean, status: number): string {
  if (model.name === 'ec2') return `${status >= 500 ? 'Server' : 'Client'}.${denied ? 'UnauthorizedOperation' : code}`;
  if (denied) return 'AccessDenied';
  // Query services answer with a short code (NoSuchEntity); the record has the exception's name (NoSuchEntityException).
  const exception = operation.errors?.find(({ shape }) => model.shapes[shape]?.error?.code === code);
  return exception?.shape ?? code;
}

const WITHOUT_TARGET = /^(.*is not authorized to perform: \S+) (because|with an explicit deny)/s;

/** Puts the resource into a denial's message, where AWS has it and the record has no other place for it. */
function nameTarget(call: Call, input: Structure, message: string, account: string): string {
  if (call.model.name === 'ec2') {
    return message.startsWith('You are not') ? message : `You are not authorized to perform this operation. ${message}`;
  }
  return message.replace(WITHOUT_TARGET, (_, head: string, tail: string) => {
    return `${head} on resource: ${deniedResource(call, input, account)} ${tail}`;
  });
}

/** The resource that a denial names: an ARN made from the parameters, IAM's `user NAME`, or `*`. */
export function deniedResource(call: Call, input: Structure, account: string): string {
  const text = (...names: string[]) =>
    names.map((name) => input[name]).find((value) => typeof value === 'string') as string | undefined;
  const arn = (service: string, resource: string | undefined) =>
    resource === undefined
      ? undefined
      : resource.startsWith('arn:')
        ? resource
        : `arn:aws:${service}:${call.region}:${account}:${resource}`;
  const prefixed = (service: string, prefix: string, name: string | undefined) =>
    arn(service, name === undefined || name.startsWith('arn:') ? name : prefix + name);
  const byService: Record<string, () => string | undefined> = {
    cloudtrail: () => prefixed('cloudtrail', 'trail/', text('Name', 'TrailName', 'ResourceId')),
    iam: () =>
      text('UserName') !== undefined
        ? `user ${text('UserName')}`
        : text('RoleName') !== undefined
          ? `role ${text('RoleName')}`
          : text('GroupName') !== undefined
            ? `group ${text('GroupName')}`
            : text('PolicyArn') !== undefined
              ? `policy ${text('PolicyArn')}`
              : undefined,
    s3: () => (call.bucket === undefined ? undefined : `"arn:aws:s3:::${call.bucket}"`),
    logs: () =>
      text('logGroupName') === undefined
        ? undefined
        : `arn:aws:logs:${call.region}:${account}:log-group:${text('logGroupName')}:log-stream:`,
    lambda: () => prefixed('lambda', 'function:', text('FunctionName')),
    cloudwatch: () => prefixed('cloudwatch', 'alarm:', text('AlarmName') ?? firstOf(input.AlarmNames)),
    events: () => prefixed('events', 'rule/', text('Name', 'Rule')),
    kms: () => prefixed('kms', text('KeyId')?.startsWith('alias/') ? '' : 'key/', text('KeyId')),
    secretsmanager: () => text('SecretId', 'Name'),
    sns: () => arn('sns', text('TopicArn', 'Name')),
    sqs: () => text('QueueUrl'),
    dynamodb: () => prefixed('dynamodb', 'table/', text('TableName')),
    ssm: () => prefixed('ssm', 'parameter/', text('Name')?.replace(/^\//, '')),
  };
  const anyArn = Object.values(input).find((value) => typeof value === 'string' && value.startsWith('arn:'));
  return byService[call.model.name]?.() ?? (typeof anyArn === 'string' ? anyArn : '*');
}

function firstOf(value: unknown): string | undefined {
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined;
}
