import { headerValue, type SeenRequest, splitTarget } from './exchange.ts';
import { type Call, isS3Control } from './identify.ts';
import { parseJson } from './protocols/json.ts';
import { isStructure } from './protocols/values.ts';
import { ATTRIBUTE, parseXml } from './protocols/xml.ts';
import type { Recorded } from './spelling.ts';

/** Headers of bucket calls that S3 records among the parameters. */
const RECORDED_HEADERS =
  /^x-amz-(acl|grant-.+|bucket-object-lock-enabled|object-ownership|expected-bucket-owner|bypass-.+)$/;
/** Query entries that belong to the signature or to an SDK, not to the call. */
const UNRECORDED_QUERY = /^(x-amz-(?!acl|grant)|x-id$)/i;

/**
 * The `requestParameters` of an S3 or S3 control call. S3 writes them in a way of its own: the request's query, some headers, and its
 * body under the element's name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
 */
export function s3Parameters(call: Call, account: string): { [name: string]: Recorded } {
  const { request, bucket } = call;
  const parameters: [string, Recorded][] = [];
  if (bucket !== undefined) parameters.push(['bucketName', bucket]);
  const point = accessPointName(call);
  if (point !== undefined) parameters.push(['name', point]);
  parameters.push(...bodyParameters(call));
  parameters.push(['Host', awsHost(call, account)]);
  for (const [name, value] of splitTarget(request.target).query) {
    if (!UNRECORDED_QUERY.test(name)) parameters.push([name, value]);
  }
  for (const name of Object.keys(request.headers)) {
    if (RECORDED_HEADERS.test(name)) parameters.push([name, headerValue(request.headers, name) ?? '']);
  }
  if (isS3Control(request) && call.operation.name.endsWith('PublicAccessBlock'))
    parameters.push(['publicAccessBlock', '']);
  return Object.fromEntries(parameters);
}

/** The access point that a call of S3 control names in its path. */
export function accessPointName({ model, request }: Call): string | undefined {
  const [, name] = /^\/v20180820\/accesspoint\/([^/?]+)/.exec(request.target) ?? [];
  return model.name === 's3control' && name !== undefined ? decodeURIComponent(name) : undefined;
}

/** The host that the same request has on AWS, in the addressing style it was sent in. */
function awsHost({ request, region, bucket }: Call, account: string): string {
  if (isS3Control(request))
    return `${headerValue(request.headers, 'x-amz-account-id') ?? account}.s3-control.${region}.amazonaws.com`;
  const host = headerValue(request.headers, 'host') ?? '';
  const virtual = bucket !== undefined && host.toLowerCase().startsWith(`${bucket.toLowerCase()}.`);
  return `${virtual ? `${bucket}.` : ''}s3.${region}.amazonaws.com`;
}

function bodyParameters({ operation, request }: Call): [string, Recorded][] {
  if (operation.name === 'PutBucketPolicy') {
    const text = request.body?.toString() ?? '';
    return [['bucketPolicy', (parseJson(request.body) as Recorded | undefined) ?? text]];
  }
  const document = parseXml(request.body);
  return document ? [[document.root, fromXml(document.content)]] : [];
}

/** An element as JSON: attributes beside children, text that is a boolean or a small number as such. */
function fromXml(content: unknown): Recorded {
  if (Array.isArray(content)) return content.map(fromXml);
  if (!isStructure(content)) return plain(String(content ?? ''));
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [
      name === '#text' ? 'content' : name.startsWith(ATTRIBUTE) ? name.slice(ATTRIBUTE.length) : name,
      fromXml(value),
    ]),
  );
}

function plain(text: string): Recorded {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : text;
}

/** S3's `additionalEventData`: how the request was authenticated, and how much went over the wire. */
export function s3EventData(
  call: Call,
  request: Pick<SeenRequest, 'bytes'>,
  response: { bytes: number; id2?: string | undefined },
): { [name: string]: Recorded } {
  return {
    ...(call.signature && { SignatureVersion: 'SigV4' }),
    bytesTransferredIn: request.bytes,
    ...(call.signature && { AuthenticationMethod: call.signature.method }),
    ...(response.id2 !== undefined && { 'x-amz-id-2': response.id2 }),
    bytesTransferredOut: response.bytes,
  };
}
