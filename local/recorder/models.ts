import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';

/** One member of a structure, as botocore's service models write it. */
export interface Member {
  shape: string;
  location?: 'header' | 'headers' | 'querystring' | 'uri' | 'statusCode';
  locationName?: string;
  queryName?: string;
  flattened?: boolean;
  xmlAttribute?: boolean;
}

/** One shape of a service model; only what decoding a call needs. */
export interface Shape {
  type: string;
  members?: Record<string, Member>;
  member?: Member;
  key?: Member;
  value?: Member;
  required?: string[];
  payload?: string;
  sensitive?: boolean;
  flattened?: boolean;
  timestampFormat?: string;
  exception?: boolean;
  error?: { code?: string };
  locationName?: string;
}

/** One operation of a service model. */
export interface Operation {
  name: string;
  http: { method: string; requestUri: string };
  input?: { shape: string };
  output?: { shape: string; resultWrapper?: string };
  errors?: { shape: string }[];
  deprecated?: boolean;
}

/** The head of a service model: what names the service on the wire. */
export interface Metadata {
  apiVersion: string;
  endpointPrefix: string;
  signingName?: string;
  targetPrefix?: string;
  protocol: string;
  serviceId?: string;
}

/** A service model: the description of a service's operations that botocore, and so the AWS CLI, works by. */
export interface ServiceModel {
  /** Folder name in botocore's data: `cloudtrail`, `s3control`. */
  name: string;
  metadata: Metadata;
  operations: Record<string, Operation>;
  shapes: Record<string, Shape>;
}

/** The models' folder is missing or holds no service model. */
export class ModelsMissing extends Error {
  override name = 'ModelsMissing';
}

interface Entry {
  name: string;
  file: string;
  metadata: Metadata;
}

/** The service models of an installed botocore, found by what requests carry, read when first needed. */
export class Models {
  readonly #entries: Entry[];
  readonly #loaded = new Map<string, ServiceModel>();

  /**
   * @param folder botocore's `data` folder
   * @throws {ModelsMissing} when there is no model in it
   */
  constructor(folder: string) {
    this.#entries = existsSync(folder) ? readdirSync(folder).flatMap((name) => findEntry(folder, name)) : [];
    if (this.#entries.length === 0) {
      throw new ModelsMissing(`No service model in ${folder}: it must be the data folder of an installed botocore.`);
    }
  }

  /** The models that requests signed for `scope` (the service of a credential scope) can belong to. */
  signedFor(scope: string): ServiceModel[] {
    return this.#entries
      .filter(({ metadata }) => (metadata.signingName ?? metadata.endpointPrefix) === scope)
      .map((entry) => this.#load(entry));
  }

  /**
   * The model whose operations are called with `X-Amz-Target: <prefix>.<operation>`. CloudTrail's prefix is long in botocore's model
   * (`com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101`) and short in others'.
   */
  byTarget(prefix: string): ServiceModel | undefined {
    const short = (text: string) => text.slice(text.lastIndexOf('.') + 1);
    const entry =
      this.#entries.find(({ metadata }) => metadata.targetPrefix === prefix) ??
      this.#entries.find(({ metadata }) => metadata.targetPrefix && short(metadata.targetPrefix) === short(prefix));
    return entry && this.#load(entry);
  }

  /** The model of a service by botocore's name for it. */
  byName(name: string): ServiceModel | undefined {
    const entry = this.#entries.find((candidate) => candidate.name === name);
    return entry && this.#load(entry);
  }

  #load(entry: Entry): ServiceModel {
    let model = this.#loaded.get(entry.name);
    if (!model) {
      const bytes = readFileSync(entry.file);
      const text = entry.file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      const { operations, shapes } = JSON.parse(text.toString(), forgetProse);
      model = { name: entry.name, metadata: entry.metadata, operations, shapes };
      this.#loaded.set(entry.name, model);
    }
    return model;
  }
}

/** Drops the documentation, which is most of a model, while it is parsed. */
function forgetProse(key: string, value: unknown): unknown {
  return key === 'documentation' && typeof value === 'string' ? undefined : value;
}

function findEntry(folder: string, name: string): Entry[] {
  const home = join(folder, name);
  let versions: string[];
  try {
    versions = readdirSync(home).sort();
  } catch {
    return []; // A file beside the services' folders.
  }
  const version = versions.at(-1);
  for (const suffix of ['service-2.json.gz', 'service-2.json']) {
    const file = join(home, version ?? '', suffix);
    const metadata = existsSync(file) && readMetadata(file);
    if (metadata) return [{ name, file, metadata }];
  }
  return [];
}

/** Metadata stands at a model's beginning: reading a few kilobytes of each file makes an index of all services cheap. */
function readMetadata(file: string): Metadata | undefined {
  const head = Buffer.alloc(4096);
  const descriptor = openSync(file, 'r');
  try {
    const read = readSync(descriptor, head, 0, head.length, 0);
    const bytes = head.subarray(0, read);
    const text = file.endsWith('.gz') ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
    const metadata = /"metadata"\s*:\s*(\{(?:[^{}]|\{[^{}]*\})*\})/.exec(text.toString())?.[1];
    return metadata === undefined ? undefined : JSON.parse(metadata);
  } finally {
    closeSync(descriptor);
  }
}
