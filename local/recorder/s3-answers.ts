import { elements, parseXml, textOf } from './protocols/xml.ts';
import type { Exchange } from './record.ts';

/** The settings of a public access block, in the order in which S3 writes them. */
const SETTINGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
/** A public access block, of a bucket or of the account. */
export type Block = Record<(typeof SETTINGS)[number], boolean>;

/** An answer of S3's in place of the emulator's. */
export interface Replaced {
  status: number;
  body: string;
  /** Why it is no success. */
  error?: { code: string; message: string };
}

/** An exchange with the answer that its caller gets. */
export interface Answered {
  exchange: Exchange;
  replacement: Replaced;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** What S3 calls it when there is no block, of a bucket or of the account. */
export const NO_BLOCK = {
  code: 'NoSuchPublicAccessBlockConfiguration',
  message: 'The public access block configuration was not found',
};

/**
 * Writes an error of S3's.
 * @param more further elements, by name
 * @param wrap whether it stands in an `ErrorResponse`, as S3's control API has it
 */
export function errorAnswer(
  status: number,
  error: { code: string; message: string },
  { more = {}, wrap = false }: { more?: Record<string, string>; wrap?: boolean } = {},
): Replaced {
  const children = Object.entries({ Code: error.code, Message: error.message, ...more });
  const inner = children.map(([name, text]) => `<${name}>${escaped(text)}</${name}>`).join('');
  const element = `<Error>${inner}</Error>`;
  return { status, error, body: DECLARATION + (wrap ? `<ErrorResponse>${element}</ErrorResponse>` : element) };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The exchange as its record must tell it, when the caller is answered otherwise than the emulator did. */
export function answered({ call, input, response }: Exchange, replacement: Replaced): Answered {
  const { status, body, error } = replacement;
  const replaced = { ...response, status, body: Buffer.from(body), bytes: Buffer.byteLength(body) };
  const exchange: Exchange = { call, input, response: replaced, output: {} };
  if (!error) return { replacement, exchange };
  const refusal = { errorCode: error.code, errorMessage: error.message, denied: error.code === 'AccessDenied' };
  return { replacement, exchange: { ...exchange, code: error.code, refusal } };
}

/** Reads a block from XML; a setting that is not named is off. Undefined for what is no block. */
export function readBlock(body: Buffer | undefined): Block | undefined {
  const document = parseXml(body);
  if (document?.root !== 'PublicAccessBlockConfiguration') return undefined;
  const children = elements(document.content);
  const texts = SETTINGS.map((name) => textOf(children[name]).trim().toLowerCase());
  if (!texts.every((text) => text === '' || text === 'true' || text === 'false')) return undefined;
  return makeBlock((name) => texts[SETTINGS.indexOf(name)] === 'true');
}

/** Writes a block as S3 answers it. */
export function writeBlock(block: Block, namespace: string): string {
  const settings = SETTINGS.map((name) => `<${name}>${block[name]}</${name}>`).join('');
  return `${DECLARATION}<PublicAccessBlockConfiguration xmlns="${namespace}">${settings}</PublicAccessBlockConfiguration>`;
}

/** Makes a block of its four settings. */
export function makeBlock(setting: (name: keyof Block) => boolean): Block {
  return Object.fromEntries(SETTINGS.map((name) => [name, setting(name)])) as Block;
}

/** Whether two blocks, or none, are the same. */
export function sameBlock(left: Block | undefined, right: Block | undefined): boolean {
  if (!left || !right) return left === right;
  return SETTINGS.every((name) => left[name] === right[name]);
}
