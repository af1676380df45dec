import type { Member, ServiceModel, Shape } from '../models.ts';
import { isStructure, type Structure, scalar, shapeOf, type Value } from './values.ts';

interface Tree {
  text?: string;
  children: Map<string, Tree>;
}

/** Decodes the form of a query or EC2 request (`A.member.1.B=...`) by the operation's input shape. */
export function decodeForm(model: ServiceModel, shapeName: string | undefined, form: URLSearchParams): Structure {
  if (shapeName === undefined) return {};
  const root: Tree = { children: new Map() };
  for (const [name, text] of form) plant(root, name.split('.'), text);
  const value = decodeTree(model, shapeName, root);
  return isStructure(value) ? (value as Structure) : {};
}

function plant(root: Tree, path: string[], text: string): void {
  let node = root;
  for (const step of path) {
    let child = node.children.get(step);
    if (!child) {
      child = { children: new Map() };
      node.children.set(step, child);
    }
    node = child;
  }
  node.text = text;
}

function decodeTree(model: ServiceModel, shapeName: string, tree: Tree): Value {
  const shape = shapeOf(model, shapeName);
  if (shape.type === 'structure') {
    const value: Structure = {};
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const child = tree.children.get(formName(model, name, member));
      if (child) value[name] = decodeTree(model, member.shape, child);
    }
    return value;
  }
  if (shape.type === 'list') return decodeList(model, shape, tree);
  if (shape.type === 'map') return decodeMap(model, shape, tree);
  return scalar(shape, tree.text ?? '');
}

/** EC2 writes a member's location name with a capital; the query protocol writes it as it is. */
function formName(model: ServiceModel, name: string, member: Member): string {
  const memberName = member.locationName ?? name;
  if (model.metadata.protocol === 'ec2') {
    return member.queryName ?? memberName.charAt(0).toUpperCase() + memberName.slice(1);
  }
  const shape = shapeOf(model, member.shape);
  return shape.flattened && shape.member?.locationName ? shape.member.locationName : memberName;
}

function numbered(tree: Tree): Tree[] {
  return [...tree.children]
    .filter(([step]) => /^\d+$/.test(step))
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, child]) => child);
}

function decodeList(model: ServiceModel, shape: Shape, tree: Tree): Value[] {
  const flat = numbered(tree);
  const items = flat.length > 0 ? flat : [...tree.children.values()].flatMap(numbered);
  return items.map((item) => decodeTree(model, shape.member?.shape ?? '', item));
}

function decodeMap(model: ServiceModel, shape: Shape, tree: Tree): Structure {
  const flat = numbered(tree);
  const entries = flat.length > 0 ? flat : numbered(tree.children.get('entry') ?? tree);
  const value: Structure = {};
  for (const entry of entries) {
    const key = entry.children.get(shape.key?.locationName ?? 'key')?.text;
    const item = entry.children.get(shape.value?.locationName ?? 'value');
    if (key !== undefined && item) value[key] = decodeTree(model, shape.value?.shape ?? '', item);
  }
  return value;
}
