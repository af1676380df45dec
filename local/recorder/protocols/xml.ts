import { XMLParser } from 'fast-xml-parser';
import type { ServiceModel, Shape } from '../models.ts';
import { isStructure, type Structure, scalar, shapeOf, type Value } from './values.ts';

/** Prefix of attributes in a parsed document, which keeps them apart from elements. */
export const ATTRIBUTE = '@_';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  htmlEntities: true,
});

/** A parsed document: its root element's name and content. */
export interface Document {
  root: string;
  content: unknown;
}

/** Parses an XML body; undefined when it is none. */
export function parseXml(body: Buffer | undefined): Document | undefined {
  if (!body?.length) return undefined;
  try {
    const parsed: unknown = parser.parse(body.toString());
    const [entry] = isStructure(parsed) ? Object.entries(parsed) : [];
    return entry && { root: entry[0], content: entry[1] };
  } catch {
    return undefined;
  }
}

/** The child elements of an element's content; none for text. */
export function elements(content: unknown): Record<string, unknown> {
  return isStructure(content) ? content : {};
}

/** The text of an element's content. */
export function textOf(content: unknown): string {
  if (isStructure(content)) return String(content['#text'] ?? '');
  return content === undefined || content === null ? '' : String(content);
}

/** Repeated elements are parsed to an array, a single one is not: always an array. */
export function repeated(content: unknown): unknown[] {
  if (content === undefined || content === '') return [];
  return Array.isArray(content) ? content : [content];
}

/** Decodes an element's content by its shape (query, EC2 and rest-xml answers, rest-xml requests). */
export function decodeXml(model: ServiceModel, shapeName: string, content: unknown): Value {
  const shape = shapeOf(model, shapeName);
  if (shape.type === 'structure') return decodeElements(model, shapeName, content);
  if (shape.type === 'list') return repeated(content).map((item) => decodeXml(model, shape.member?.shape ?? '', item));
  if (shape.type === 'map') return decodeEntries(model, shape, content);
  return scalar(shape, textOf(content));
}

function decodeElements(model: ServiceModel, shapeName: string, content: unknown): Structure {
  const value: Structure = {};
  const children = elements(content);
  for (const [name, member] of Object.entries(shapeOf(model, shapeName).members ?? {})) {
    if (member.location !== undefined) continue;
    const shape = shapeOf(model, member.shape);
    const flat = member.flattened || shape.flattened;
    const tag =
      flat && shape.member?.locationName && !member.locationName
        ? shape.member.locationName
        : (member.locationName ?? name);
    const child = member.xmlAttribute ? children[ATTRIBUTE + tag] : children[tag];
    if (child === undefined) continue;
    value[name] = decodeXml(model, member.shape, flat ? child : unwrapped(shape, child));
  }
  return value;
}

/** A list that is not flattened stands in an element of its own, its items in `member` (EC2: `item`) elements. */
function unwrapped(shape: Shape, content: unknown): unknown {
  if (shape.type === 'list') return elements(content)[shape.member?.locationName ?? 'member'];
  if (shape.type === 'map') return elements(content).entry;
  return content;
}

function decodeEntries(model: ServiceModel, shape: Shape, content: unknown): Structure {
  const value: Structure = {};
  for (const entry of repeated(content).map(elements)) {
    const key = textOf(entry[shape.key?.locationName ?? 'key']);
    value[key] = decodeXml(model, shape.value?.shape ?? '', entry[shape.value?.locationName ?? 'value']);
  }
  return value;
}
