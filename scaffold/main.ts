import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { responses } from '../playbooks/catalog.ts';
import { detectionAnswers, responseAnswers } from './answers.ts';
import { CatalogUnreadable } from './catalog-line.ts';
import { AlreadyThere, checkNew, NotWellFormed, writeUnit } from './write.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const USAGE = `Usage: npm run new -- detection ID [--title T] [--why W] [--severity S] [--source SERVICE] [--calls NAMES]
                                      [--attack TECHNIQUES] [--response ID] [--response-title T] [--pack PACK]
       npm run new -- response ID [--title T]

Makes the unit's file and its line in playbooks/catalog.ts. What is not given is asked for.`;

/** What was asked for cannot be made; the message says why. */
class Refused extends Error {
  override readonly name = 'Refused';
  /** As local/setup/failure.mjs has it for a wrong use. */
  readonly exitCode = 2;
}

type Given = Record<string, string | undefined>;

/** Asks for what is missing, on a terminal; elsewhere it is refused as missing. */
async function complete(schema: z.ZodObject, given: Given): Promise<Given> {
  if (!process.stdin.isTTY) return given;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answers = { ...given };
  try {
    for (const [name, field] of Object.entries(schema.shape)) {
      const { description } = field as z.ZodType;
      if (answers[name] !== undefined || description === undefined) continue;
      answers[name] = await terminal.question(`${name}: ${description}\n> `);
    }
  } finally {
    terminal.close();
  }
  return answers;
}

function checked<Schema extends z.ZodObject>(schema: Schema, given: Given): z.infer<Schema> {
  const { data, error } = schema.safeParse(given);
  if (error) throw new Refused(`${z.prettifyError(error)}\n\n${USAGE}`);
  return data as z.infer<Schema>;
}

function parsed(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...{ title: text, why: text, severity: text, source: text, calls: text, attack: text },
        ...{ response: text, 'response-title': text, pack: text },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parsed(args);
  const { help, 'response-title': responseTitle, ...given } = values;
  const [kind, id, ...more] = positionals;
  if (help || kind === undefined) return console.log(USAGE);
  if ((kind !== 'detection' && kind !== 'response') || id === undefined || more.length > 0) throw new Refused(USAGE);
  if (kind === 'response') {
    const answers = checked(responseAnswers, await complete(responseAnswers, { id, title: given.title }));
    told(writeUnit(ROOT, { kind, answers }));
    return console.log(RESPONSE_NEXT(answers.id));
  }
  const answers = checked(detectionAnswers, await complete(detectionAnswers, { id, ...given }));
  // Before its response is written.
  checkNew(ROOT, kind, answers.id);
  if (!Object.hasOwn(responses, answers.response)) {
    const title = responseTitle ?? `Answer: ${answers.title}`;
    const made = checked(responseAnswers, { id: answers.response, title });
    told(writeUnit(ROOT, { kind: 'response', answers: made }));
    console.log(RESPONSE_NEXT(made.id));
  }
  told(writeUnit(ROOT, { kind, answers }));
  console.log(`To fill in, in playbooks/detections/${id}.ts:
  - samples: records as CloudTrail writes them, look-alikes that must be left alone among them
  - references: what asks for it; falsePositives: what else sets it off
Then: npx vitest run --project unit test/catalog.test.ts, and npm run docs.`);
}

const told = (files: string[]): void => console.log(`Written: ${files.join(', ')}.`);
const RESPONSE_NEXT = (id: string): string => `To fill in, in playbooks/responses/${id}.ts:
  - sparesDeployments and harmless: which calls do no harm; restore and contain: what is put back, and who is contained how far
  - after npm run docs: the part of docs/runbooks/${id}.md that is written by hand`;

const mendable = [Refused, AlreadyThere, CatalogUnreadable, NotWellFormed];

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What the user can mend is one line, without a stack.
  if (!mendable.some((kind) => error instanceof kind)) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
