import type { ServiceModel, Shape } from '../models.ts';

/** A decoded value of a call: what an SDK's user would have passed or received. */
export type Value = null | boolean | number | string | Date | Buffer | Value[] | { [name: string]: Value };
/** A decoded structure. */
export type Structure = { [name: string]: Value };

/** Whether a decoded or parsed value is an object with named fields. */
export function isStructure(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !Buffer.isBuffer(value)
  );
}

/** The structures of a list; none when the value is no list. */
export function structures(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isStructure) : [];
}

/** The shape of a name, or an empty structure's where a model lacks it. */
export function shapeOf(model: ServiceModel, name: string | undefined): Shape {
  return (name === undefined ? undefined : model.shapes[name]) ?? { type: 'structure', members: {} };
}

/** A scalar that arrived as text, in its shape's type. */
export function scalar(shape: Shape, text: string): Value {
  switch (shape.type) {
    case 'boolean':
      return text === 'true';
    case 'integer':
    case 'long':
    case 'float':
    case 'double': {
      const number = Number(text);
      return Number.isNaN(number) ? text : number;
    }
    case 'timestamp':
      return timestamp(text);
    case 'blob':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

/** A timestamp in any of the wire's forms: epoch seconds, ISO 8601 or an HTTP date; other text stays as it is. */
export function timestamp(value: unknown): Value {
  if (value instanceof Date) return value;
  const seconds = typeof value === 'number' ? value : /^-?\d+(\.\d+)?$/.test(String(value)) ? Number(value) : undefined;
  const date = seconds === undefined ? new Date(String(value)) : new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(value) : date;
}
