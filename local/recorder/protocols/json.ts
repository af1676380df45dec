import { decode } from 'cborg';
import type { ServiceModel } from '../models.ts';
import { isStructure, type Structure, shapeOf, timestamp, type Value } from './values.ts';

/** Parses a JSON body; undefined when it is not a JSON object. */
export function parseJson(body: Buffer | undefined): Record<string, unknown> | undefined {
  if (!body?.length) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString());
    return isStructure(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Parses a CBOR body (smithy-rpc-v2-cbor); undefined when it is not a CBOR map. Tag 1 is a time in seconds. */
export function parseCbor(body: Buffer | undefined): Record<string, unknown> | undefined {
  if (!body?.length) return undefined;
  try {
    const value: unknown = decode(body, { tags: { 1: (inner) => new Date(Number(inner()) * 1000) } });
    return isStructure(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Decodes a parsed JSON or CBOR value by its shape. What the model does not know is left out, as services ignore it. */
export function decodeJson(model: ServiceModel, shapeName: string, value: unknown): Value {
  if (value === null || value === undefined) return null;
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'structure':
      return isStructure(value) ? decodeMembers(model, shapeName, value) : null;
    case 'list':
      return Array.isArray(value) ? value.map((item) => decodeJson(model, shape.member?.shape ?? '', item)) : null;
    case 'map':
      if (!isStructure(value)) return null;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, decodeJson(model, shape.value?.shape ?? '', item)]),
      );
    case 'timestamp':
      return timestamp(value);
    case 'blob':
      return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), 'base64');
    default:
      return typeof value === 'bigint' ? Number(value) : (value as Value);
  }
}

/** The members of a structure that stand in a JSON body. */
export function decodeMembers(model: ServiceModel, shapeName: string, value: Record<string, unknown>): Structure {
  const decoded: Structure = {};
  for (const [name, member] of Object.entries(shapeOf(model, shapeName).members ?? {})) {
    if (member.location !== undefined) continue;
    const item = value[member.locationName ?? name] ?? value[name];
    if (item !== undefined && item !== null) decoded[name] = decodeJson(model, member.shape, item);
  }
  return decoded;
}
