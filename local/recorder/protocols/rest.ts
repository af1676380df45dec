import { headerValue, type SeenRequest, splitTarget } from '../exchange.ts';
import type { Operation, ServiceModel } from '../models.ts';
import { decodeJson, decodeMembers, parseJson } from './json.ts';
import { isStructure, type Structure, scalar, shapeOf } from './values.ts';
import { decodeXml, elements, parseXml } from './xml.ts';

interface Route {
  operation: Operation;
  method: string;
  pattern: RegExp;
  labels: string[];
  /** Query entries of the route itself: `publicAccessBlock`, `list-type=2`. */
  fixed: [string, string][];
  /** Query and header members without which the call is another one. */
  needed: { location: 'querystring' | 'header'; name: string }[];
  weight: number;
}

/** An operation that a request's method, path, query and headers name, with the path's labels decoded. */
export interface RouteMatch {
  operation: Operation;
  labels: Record<string, string>;
}

const routes = new WeakMap<ServiceModel, Route[]>();

/** Finds the operation of a REST request: of all routes that fit, the one that says most. */
export function matchRoute(
  model: ServiceModel,
  request: Pick<SeenRequest, 'method' | 'target' | 'headers'>,
): RouteMatch | undefined {
  let table = routes.get(model);
  if (!table) {
    table = Object.values(model.operations)
      .map((operation) => compile(model, operation))
      .sort((left, right) => right.weight - left.weight);
    routes.set(model, table);
  }
  const { path, query } = splitTarget(request.target);
  for (const route of table) {
    if (route.method !== request.method) continue;
    const found = route.pattern.exec(path);
    if (!found || !route.fixed.every(([key, value]) => query.has(key) && (value === '' || query.get(key) === value))) {
      continue;
    }
    const present = ({ location, name }: Route['needed'][number]) =>
      location === 'querystring' ? query.has(name) : headerValue(request.headers, name) !== undefined;
    if (!route.needed.every(present)) continue;
    return {
      operation: route.operation,
      labels: Object.fromEntries(route.labels.map((label, index) => [label, safeDecode(found[index + 1] ?? '')])),
    };
  }
  return undefined;
}

function compile(model: ServiceModel, operation: Operation): Route {
  const { path, query } = splitTarget(operation.http.requestUri);
  const labels: string[] = [];
  let literals = 0;
  const source = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(segment);
      if (!label?.[1]) {
        literals += 1;
        return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      }
      labels.push(label[1]);
      return label[2] ? '(.+)' : '([^/]+)';
    })
    .join('/');
  const input = shapeOf(model, operation.input?.shape);
  const required = new Set(input.required ?? []);
  const needed = Object.entries(input.members ?? {}).flatMap(([name, member]) =>
    required.has(name) && (member.location === 'querystring' || member.location === 'header')
      ? [{ location: member.location, name: member.locationName ?? name }]
      : [],
  );
  const fixed = [...query];
  // Of a renamed pair (GetBucketLifecycle and its successor) the deprecated one never answers first.
  const weight = literals * 100 + fixed.length * 20 + needed.length * 2 - (operation.deprecated ? 1 : 0);
  const pattern = new RegExp(`^/${source}/?$`);
  return { operation, method: operation.http.method, pattern, labels, fixed, needed, weight };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Decodes a REST request's input from its path, query, headers and body. */
export function decodeRest(model: ServiceModel, match: RouteMatch, request: SeenRequest): Structure {
  const name = match.operation.input?.shape;
  if (name === undefined) return {};
  const shape = shapeOf(model, name);
  const { query } = splitTarget(request.target);
  const value: Structure = isXml(model) ? xmlBody(model, name, request.body) : jsonBody(model, name, request.body);
  for (const [member, { location, locationName, shape: type }] of Object.entries(shape.members ?? {})) {
    const key = locationName ?? member;
    const kind = shapeOf(model, type);
    if (location === 'uri' && match.labels[key] !== undefined) value[member] = scalar(kind, match.labels[key]);
    if (location === 'querystring' && query.has(key)) {
      value[member] = kind.type === 'list' ? query.getAll(key) : scalar(kind, query.get(key) ?? '');
    }
    const header = location === 'header' ? headerValue(request.headers, key) : undefined;
    if (header !== undefined) value[member] = scalar(kind, header);
  }
  return value;
}

/** Decodes a REST answer's body by the operation's output shape. */
export function decodeRestAnswer(model: ServiceModel, shapeName: string, body: Buffer | undefined): Structure {
  return isXml(model) ? xmlBody(model, shapeName, body) : jsonBody(model, shapeName, body);
}

function isXml(model: ServiceModel): boolean {
  return model.metadata.protocol === 'rest-xml';
}

function jsonBody(model: ServiceModel, shapeName: string, body: Buffer | undefined): Structure {
  const shape = shapeOf(model, shapeName);
  const parsed = parseJson(body) ?? {};
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  if (shape.payload === undefined || payload === undefined) return decodeMembers(model, shapeName, parsed);
  return shapeOf(model, payload.shape).type === 'structure'
    ? { [shape.payload]: decodeJson(model, payload.shape, parsed) }
    : {};
}

function xmlBody(model: ServiceModel, shapeName: string, body: Buffer | undefined): Structure {
  const document = parseXml(body);
  if (!document) return {};
  const shape = shapeOf(model, shapeName);
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  if (shape.payload !== undefined && payload !== undefined) {
    return { [shape.payload]: decodeXml(model, payload.shape, document.content) };
  }
  const value = decodeXml(model, shapeName, elements(document.content));
  return isStructure(value) ? (value as Structure) : {};
}
