import { gunzipSync } from 'node:zlib';
import { headerValue, readSignature, type SeenRequest, type Signature, splitTarget } from './exchange.ts';
import type { Models, Operation, ServiceModel } from './models.ts';
import { decodeMembers, parseCbor, parseJson } from './protocols/json.ts';
import { decodeForm } from './protocols/query.ts';
import { decodeRest, matchRoute } from './protocols/rest.ts';
import type { Structure } from './protocols/values.ts';

/** How a call was written on the wire. */
export type Protocol = 'json' | 'cbor' | 'query' | 'rest';

/** A request whose service and operation are known. */
export interface Call {
  model: ServiceModel;
  operation: Operation;
  protocol: Protocol;
  region: string;
  signature?: Signature;
  request: SeenRequest;
  /** The bucket of an S3 call, wherever the request names it. */
  bucket?: string;
}

/**
 * Finds out which operation of which service a request calls: by `X-Amz-Target` (JSON), the path (CBOR), `Action` (query, EC2) or the
 * routes of the service it is signed for (REST). Unsigned requests are S3's (anonymous) or STS's (federation).
 * @returns undefined for what is no call of a service that the models describe
 */
export function identify(models: Models, request: SeenRequest, homeRegion: string): Call | undefined {
  const signature = readSignature(request);
  const base = { request, region: signature?.region ?? homeRegion, ...(signature && { signature }) };
  const found =
    byTarget(models, request) ?? byRpcPath(models, request, signature) ?? byAction(models, request, signature);
  if (found) return { ...base, ...found };
  return byRoute(models, request, signature, base);
}

type Found = Pick<Call, 'model' | 'operation' | 'protocol'>;

function found(model: ServiceModel | undefined, name: string | undefined, protocol: Protocol): Found | undefined {
  const operation = model && name !== undefined && Object.hasOwn(model.operations, name) && model.operations[name];
  return model && operation ? { model, operation, protocol } : undefined;
}

function byTarget(models: Models, { headers }: SeenRequest): Found | undefined {
  const target = headerValue(headers, 'x-amz-target');
  const dot = target?.lastIndexOf('.') ?? -1;
  if (target === undefined || dot < 0) return undefined;
  return found(models.byTarget(target.slice(0, dot)), target.slice(dot + 1), 'json');
}

function byRpcPath(models: Models, { target }: SeenRequest, signature?: Signature): Found | undefined {
  const [, service, operation] = /^\/service\/([^/]+)\/operation\/([^/?]+)/.exec(target) ?? [];
  if (service === undefined) return undefined;
  const model = models.byTarget(service) ?? models.signedFor(signature?.service ?? '')[0];
  return found(model, operation, 'cbor');
}

function byAction(models: Models, request: SeenRequest, signature?: Signature): Found | undefined {
  const form = formOf(request);
  const action = form.get('Action') ?? undefined;
  if (action === undefined) return undefined;
  const candidates = signature ? models.signedFor(signature.service) : [models.byName('sts')];
  const version = form.get('Version');
  const model =
    candidates.find((candidate) => candidate?.metadata.apiVersion === version && candidate?.operations[action]) ??
    candidates.find((candidate) => candidate?.operations[action]);
  return found(model, action, 'query');
}

/** Hosts of what an account's users run: requests to them are no calls of the account's API. */
const APPLICATION_HOST = /\.(execute-api|lambda-url|cloudfront)\./;

function byRoute(
  models: Models,
  request: SeenRequest,
  signature: Signature | undefined,
  base: Pick<Call, 'request' | 'region'>,
): Call | undefined {
  // Paths like /_name are the emulator's own, never a bucket: bucket names have no underscore.
  if (
    !signature &&
    (request.target.startsWith('/_') || APPLICATION_HOST.test(headerValue(request.headers, 'host') ?? ''))
  ) {
    return undefined;
  }
  const scope = signature?.service ?? 's3';
  for (const model of models.signedFor(scope)) {
    if (!model.metadata.protocol.startsWith('rest-')) continue;
    const bucket = model.name === 's3' ? s3Place(request)?.bucket : undefined;
    const routed = model.name === 's3' ? { ...request, target: s3Place(request)?.target ?? request.target } : request;
    if (model.name === 's3' && isS3Control(request)) continue;
    const match = matchRoute(model, routed);
    if (match) return { ...base, model, operation: match.operation, protocol: 'rest', ...(bucket && { bucket }) };
  }
  return undefined;
}

/** Decodes what was passed to a call, under the model's own member names. */
export function decodeInput(call: Call): Structure {
  const { model, operation, request } = call;
  const shape = operation.input?.shape;
  if (shape === undefined) return {};
  switch (call.protocol) {
    case 'json':
      return decodeMembers(model, shape, parseJson(plainBody(request)) ?? {});
    case 'cbor':
      return decodeMembers(model, shape, parseCbor(plainBody(request)) ?? {});
    case 'query':
      return decodeForm(model, shape, formOf(request));
    case 'rest': {
      const body = plainBody(request);
      const place = model.name === 's3' ? s3Place(request)?.target : undefined;
      const routed: SeenRequest = { ...request, target: place ?? request.target, ...(body && { body }) };
      const match = matchRoute(model, routed);
      return match ? decodeRest(model, match, routed) : {};
    }
  }
}

/** A request's body without its transfer compression, which some SDKs apply to big metric batches. */
function plainBody({ headers, body }: SeenRequest): Buffer | undefined {
  if (!body || headerValue(headers, 'content-encoding') !== 'gzip') return body;
  try {
    return gunzipSync(body, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

function formOf(request: SeenRequest): URLSearchParams {
  const { query } = splitTarget(request.target);
  if (query.has('Action')) return query;
  const type = headerValue(request.headers, 'content-type') ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) return query;
  return new URLSearchParams(plainBody(request)?.toString() ?? '');
}

/** Whether a request is for S3's control API, whose routes stand under its version. */
export function isS3Control({ target }: Pick<SeenRequest, 'target'>): boolean {
  return target.startsWith('/v20180820/');
}

/**
 * Where an S3 request points: its bucket, from the host (`BUCKET.s3.us-east-1.amazonaws.com`, `BUCKET.localhost`) or the path, and
 * its target in path style.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function s3Place(request: Pick<SeenRequest, 'target' | 'headers'>): { bucket?: string; target: string } {
  const host = (headerValue(request.headers, 'host') ?? '').replace(/:\d+$/, '').toLowerCase();
  const fromHost = (/^(.+?)\.s3[.-].*amazonaws\.com/.exec(host) ??
    /^(.+?)(?:\.s3(?:\.[a-z0-9-]+)?)?\.localhost$/.exec(host))?.[1];
  if (fromHost !== undefined && fromHost !== 's3') {
    return { bucket: fromHost, target: `/${fromHost}${request.target === '/' ? '' : request.target}` };
  }
  const bucket = splitTarget(request.target).path.split('/')[1];
  return bucket ? { bucket: decodeURIComponentSafely(bucket), target: request.target } : { target: request.target };
}

/** Whether an S3 request names an object: such bodies are neither kept nor looked at. */
export function isObjectRequest(request: Pick<SeenRequest, 'target' | 'headers'>): boolean {
  const signature = readSignature(request);
  if (signature ? signature.service !== 's3' : headerValue(request.headers, 'x-amz-target') !== undefined) return false;
  if (isS3Control(request)) return false;
  if (!signature && (headerValue(request.headers, 'content-type') ?? '').includes('x-www-form-urlencoded'))
    return false;
  return /^\/[^/]+\/./.test(splitTarget(s3Place(request).target).path);
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
