import type { IncomingHttpHeaders } from 'node:http';

/** A request as it arrived; `body` is absent when it was not kept because it is an object's bytes or too big. */
export interface SeenRequest {
  method: string;
  /** Path and query as sent. */
  target: string;
  headers: IncomingHttpHeaders;
  body?: Buffer;
  bytes: number;
  sourceAddress: string;
  at: Date;
}

/** The emulator's answer; `body` is absent when it was too big to keep. */
export interface SeenResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body?: Buffer;
  bytes: number;
}

/** Who signed a request and for what, as SigV4's credential scope says. */
export interface Signature {
  accessKeyId: string;
  /** Absent in a SigV4a scope, which names no region. */
  region?: string;
  service: string;
  method: 'AuthHeader' | 'QueryString';
}

/** Path and decoded query of a request's target. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/**
 * Reads the credential scope of a signed request, from its header or, presigned, from its query.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
 * @returns undefined for an unsigned request
 */
export function readSignature(request: Pick<SeenRequest, 'target' | 'headers'>): Signature | undefined {
  const header = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1];
  const credential = header ?? splitTarget(request.target).query.get('X-Amz-Credential') ?? undefined;
  if (credential === undefined) return undefined;
  const method = header === undefined ? 'QueryString' : 'AuthHeader';
  const parts = credential.split('/');
  const [accessKeyId, , third, fourth] = parts;
  if (!accessKeyId || third === undefined || fourth === undefined) return undefined;
  if (parts.length === 4) return { accessKeyId, service: third, method };
  return { accessKeyId, region: third, service: fourth, method };
}

/** The first value of a header that may be repeated. */
export function headerValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}
