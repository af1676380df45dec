import { randomUUID } from 'node:crypto';
import type { CloudTrailRecord, UserIdentity } from '../../playbooks/cloudtrail.ts';
import { ec2Elements, ec2Parameters } from './ec2-elements.ts';
import { answerIsRecorded, eventName, eventSource, isGlobal, isReadOnly } from './event-names.ts';
import { headerValue, type SeenResponse } from './exchange.ts';
import { type Call, decodeInput } from './identify.ts';
import { decodeMembers, parseCbor, parseJson } from './protocols/json.ts';
import { decodeRestAnswer } from './protocols/rest.ts';
import { isStructure, type Structure, type Value } from './protocols/values.ts';
import { decodeXml, elements, parseXml } from './protocols/xml.ts';
import { type Refusal, readError, refusal } from './refusals.ts';
import { accessPointName, s3EventData, s3Parameters } from './s3-parameters.ts';
import { type Recorded, spell } from './spelling.ts';

/** A field with more characters than this is left out of its record, which then says so. CloudTrail's own limit is 100 KB. */
const FIELD_LIMIT = 100 * 1024;
/** Services that keep the parameters of a call that they refuse; the others record null, and the target only in the message. */
const KEEPS_PARAMETERS = new Set(['s3', 's3control', 'ec2', 'guardduty', 'eks', 'appsync', 'bedrock', 'securityhub']);

/** A call with its answer, decoded. */
export interface Exchange {
  call: Call;
  response: SeenResponse;
  input: Structure;
  /** What was answered; empty for a refusal. */
  output: Structure;
  refusal?: Refusal;
  /** The error's code as the service wrote it. */
  code?: string;
}

/** Decodes an answered call. */
export function decodeExchange(call: Call, response: SeenResponse, account: string): Exchange {
  const input = decodeInput(call);
  const error = readError(call, response);
  if (!error) return { call, response, input, output: decodeOutput(call, response) };
  return {
    call,
    response,
    input,
    output: {},
    code: error.code,
    refusal: refusal(call, input, error, response, account),
  };
}

function decodeOutput({ model, operation, protocol }: Call, response: SeenResponse): Structure {
  const shape = operation.output?.shape;
  if (shape === undefined) return {};
  if (protocol === 'json') return decodeMembers(model, shape, parseJson(response.body) ?? {});
  if (protocol === 'cbor') return decodeMembers(model, shape, parseCbor(response.body) ?? {});
  if (protocol === 'rest') return decodeRestAnswer(model, shape, response.body);
  const content = elements(parseXml(response.body)?.content);
  const wrapper = operation.output?.resultWrapper;
  const value = decodeXml(model, shape, wrapper === undefined ? content : content[wrapper]);
  return isStructure(value) ? (value as Structure) : {};
}

/**
 * Writes the CloudTrail record of an answered call.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function writeRecord(exchange: Exchange, userIdentity: UserIdentity, account: string): CloudTrailRecord {
  const { call, response, refusal } = exchange;
  const { model, operation, request } = call;
  const isS3 = model.name === 's3' || model.name === 's3control';
  const resources = touchedResources(exchange, account);
  return {
    eventVersion: '1.11',
    userIdentity,
    eventTime: wholeSeconds(request.at),
    eventSource: eventSource(model),
    eventName: eventName(model, operation),
    awsRegion: isGlobal(model) ? 'us-east-1' : call.region,
    sourceIPAddress: request.sourceAddress,
    userAgent: headerValue(request.headers, 'user-agent') ?? null,
    ...(refusal && {
      errorCode: refusal.errorCode,
      ...(refusal.errorMessage !== undefined && { errorMessage: refusal.errorMessage }),
    }),
    requestParameters: bounded('requestParameters', requestParameters(exchange, account)),
    responseElements: bounded('responseElements', responseElements(exchange)),
    ...(isS3 && {
      additionalEventData: s3EventData(call, request, {
        bytes: response.bytes,
        id2: headerValue(response.headers, 'x-amz-id-2'),
      }),
    }),
    requestID:
      headerValue(response.headers, 'x-amzn-requestid') ??
      headerValue(response.headers, 'x-amz-request-id') ??
      randomUUID(),
    eventID: randomUUID(),
    readOnly: isReadOnly(model, operation),
    ...(resources && { resources }),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  };
}

/** A time as records have it: ISO 8601 in UTC, whole seconds. */
export function wholeSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function requestParameters({ call, input, refusal }: Exchange, account: string): Recorded {
  const { model, operation } = call;
  if (refusal?.denied && !KEEPS_PARAMETERS.has(model.name)) return null;
  if (model.name === 's3' || model.name === 's3control') return s3Parameters(call, account);
  const shape = operation.input?.shape;
  const parameters = model.name === 'ec2' ? ec2Parameters(model, shape, input) : spell(model, shape, input);
  return orNull(parameters);
}

function responseElements({ call, response, output, refusal }: Exchange): Recorded {
  const { model, operation } = call;
  if (refusal || !answerIsRecorded(model, operation)) return null;
  const shape = operation.output?.shape;
  if (model.name === 'ec2') return orNull(ec2Elements(model, shape, parseXml(response.body)?.content));
  return orNull(spell(model, shape, output));
}

function orNull(value: Recorded | undefined): Recorded {
  return value === undefined || (isStructure(value) && Object.keys(value).length === 0) ? null : value;
}

/** CloudTrail writes `omitted` in place of a field that is too big. */
function bounded(field: string, value: Recorded): Recorded {
  if (value === null) return null;
  const size = Buffer.byteLength(JSON.stringify(value));
  return size <= FIELD_LIMIT ? value : { omitted: true, originalSize: size, reason: `${field} too large` };
}

/** The resources that a record names in a field of their own: S3's bucket, the role assumed, the KMS key. */
function touchedResources({ call, input, output, refusal }: Exchange, account: string): Recorded[] | undefined {
  if (refusal) return undefined;
  const resource = (type: string, arn: string) => [{ accountId: arn.split(':')[4] || account, type, ARN: arn }];
  if (call.model.name === 's3' && call.bucket !== undefined) {
    return resource('AWS::S3::Bucket', `arn:aws:s3:::${call.bucket}`);
  }
  const point = accessPointName(call);
  if (point !== undefined) {
    return resource('AWS::S3::AccessPoint', `arn:aws:s3:${call.region}:${account}:accesspoint/${point}`);
  }
  if (call.model.name === 'sts' && typeof input.RoleArn === 'string') return resource('AWS::IAM::Role', input.RoleArn);
  if (call.model.name === 'kms') {
    const arn =
      keyArn(output.KeyMetadata, call.region, account) ??
      keyArn(output, call.region, account) ??
      keyArn(input, call.region, account);
    return arn === undefined ? undefined : resource('AWS::KMS::Key', arn);
  }
  return undefined;
}

function keyArn(holder: Value | undefined, region: string, account: string): string | undefined {
  if (!isStructure(holder)) return undefined;
  const key = holder.Arn ?? holder.KeyId;
  if (typeof key !== 'string' || key.includes('alias/')) return undefined;
  return key.startsWith('arn:') ? key : `arn:aws:kms:${region}:${account}:key/${key}`;
}
