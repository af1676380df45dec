import type { Member, ServiceModel } from './models.ts';
import { isStructure, type Structure, scalar, shapeOf, type Value } from './protocols/values.ts';
import { elements, repeated, textOf } from './protocols/xml.ts';
import { HIDDEN, lowerFirst, type Recorded, spellDate } from './spelling.ts';

/** Request lists that CloudTrail records under another name than `<item>Set`. */
const LIST_NAMES: Record<string, string> = {
  InstanceIds: 'instancesSet',
  Filters: 'filterSet',
  Values: 'valueSet',
  GroupIds: 'securityGroupIdSet',
  GroupNames: 'securityGroupSet',
  SecurityGroupIds: 'groupSet',
  SecurityGroups: 'groupSet',
  Owners: 'ownersSet',
  RestorableByUserIds: 'sharedUsersSet',
  ResourceIds: 'resourcesSet',
  Resources: 'resourcesSet',
  Tags: 'tagSet',
  TagSpecifications: 'tagSpecificationSet',
  BlockDeviceMappings: 'blockDeviceMapping',
  NetworkInterfaces: 'networkInterfaceSet',
  IpPermissions: 'ipPermissions',
  IpRanges: 'ipRanges',
  Ipv6Ranges: 'ipv6Ranges',
  PrefixListIds: 'prefixListIds',
  UserIdGroupPairs: 'groups',
  VolumeIds: 'volumeSet',
  SnapshotIds: 'snapshotSet',
  VpcIds: 'vpcSet',
  SubnetIds: 'subnetSet',
  ImageIds: 'imagesSet',
  KeyNames: 'keySet',
};
/** What a plain item of such a list is called inside its `items`. */
const ITEM_NAMES: Record<string, string> = {
  Values: 'value',
  Owners: 'owner',
  RestorableByUserIds: 'user',
  Resources: 'resourceId',
  SecurityGroups: 'groupName',
  SecurityGroupIds: 'groupId',
};

/**
 * An EC2 call's `requestParameters`: EC2 records lists as `{"<name>Set": {"items": [...]}}`, plain items wrapped in an object.
 * Example: `{"instancesSet": {"items": [{"instanceId": "i-0123"}]}}`.
 */
export function ec2Parameters(
  model: ServiceModel,
  shapeName: string | undefined,
  input: Structure,
): { [name: string]: Recorded } {
  const members = shapeOf(model, shapeName).members ?? {};
  const parameters: [string, Recorded][] = [];
  for (const [name, value] of Object.entries(input)) {
    const member = members[name];
    if (member === undefined || value === null) continue;
    if (shapeOf(model, member.shape).sensitive || name === 'UserData') {
      parameters.push([lowerFirst(name), name === 'UserData' ? '<sensitiveDataRemoved>' : HIDDEN]);
    } else if (Array.isArray(value)) {
      parameters.push([
        LIST_NAMES[name] ?? `${singular(name)}Set`,
        { items: value.map((item) => listItem(model, name, member, item)) },
      ]);
    } else {
      const recorded = inner(model, member.shape, value);
      if (recorded !== undefined) parameters.push([lowerFirst(name), recorded]);
    }
  }
  return Object.fromEntries(parameters);
}

function listItem(model: ServiceModel, name: string, list: Member, item: Value): Recorded {
  const shape = shapeOf(model, list.shape).member?.shape;
  if (isStructure(item)) return ec2Parameters(model, shape, item as Structure);
  return { [ITEM_NAMES[name] ?? singular(name)]: inner(model, shape, item) ?? '' };
}

function inner(model: ServiceModel, shape: string | undefined, value: Value): Recorded | undefined {
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value) || value === null) return undefined;
  if (isStructure(value)) return ec2Parameters(model, shape, value as Structure);
  return Array.isArray(value) ? value.flatMap((item) => inner(model, shape, item) ?? []) : value;
}

/** `InstanceIds` to `instanceId`, `AvailabilityZoneNames` to `availabilityZoneName`. */
function singular(name: string): string {
  const word = lowerFirst(name);
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}

/** An EC2 answer's `responseElements`: its XML, with `item` lists as `{items: [...]}` and `return` as `_return`. */
export function ec2Elements(
  model: ServiceModel,
  shapeName: string | undefined,
  content: unknown,
): { [name: string]: Recorded } {
  const children = elements(content);
  const recorded: [string, Recorded][] = [];
  if (children.requestId !== undefined) recorded.push(['requestId', textOf(children.requestId)]);
  if (children.return !== undefined) recorded.push(['_return', textOf(children.return) === 'true']);
  for (const [name, member] of Object.entries(shapeOf(model, shapeName).members ?? {})) {
    const tag = member.locationName ?? name;
    if (tag === 'return' || children[tag] === undefined) continue;
    const value = element(model, member, children[tag]);
    if (value !== undefined) recorded.push([lowerFirst(tag), value]);
  }
  return Object.fromEntries(recorded);
}

function element(model: ServiceModel, member: Member, content: unknown): Recorded | undefined {
  const shape = shapeOf(model, member.shape);
  if (shape.sensitive) return '<sensitiveDataRemoved>';
  if (shape.type === 'structure') return ec2Elements(model, member.shape, content);
  if (shape.type === 'list') {
    const items = repeated(elements(content)[shape.member?.locationName ?? 'item']);
    if (items.length === 0 || !shape.member) return {};
    const inList = shape.member;
    return { items: items.flatMap((item) => element(model, inList, item) ?? []) };
  }
  const value = scalar(shape, textOf(content));
  if (value instanceof Date) return spellDate(value);
  return Buffer.isBuffer(value) || isStructure(value) || Array.isArray(value) ? undefined : value;
}
