import * as z from 'zod';
import { type TechniqueId, techniques } from '../playbooks/attack-techniques.ts';
import { responses } from '../playbooks/catalog.ts';
import { severities } from '../playbooks/detection.ts';
import { packIds } from '../playbooks/packs.ts';

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case, as in role-deleted')
  .max(40);
const sentence = z.string().trim().min(10, 'must be a sentence').max(500);
/** What is given twice counts once. */
const list = z.string().transform((text) => {
  const given = text.split(',').map((one) => one.trim());
  return [...new Set(given.filter(Boolean))];
});

/** What a new response is made of. */
export const responseAnswers = z.object({
  id,
  title: sentence.describe('what the playbook does, verb first: Close the queue and say who opened it'),
});
export type ResponseAnswers = z.infer<typeof responseAnswers>;

/** What a new detection is made of; the descriptions are what is asked for. */
export const detectionAnswers = z.object({
  id,
  title: sentence.describe('the finding: SQS queue opened to another account'),
  why: sentence.describe('why it matters and what it usually means, a sentence or two'),
  severity: z.enum(severities).describe(`one of ${severities.join(', ')}`),
  source: z
    .string()
    .regex(/^[a-z0-9.-]+\.amazonaws\.com$/, 'must be an eventSource, as in sqs.amazonaws.com')
    .describe('the eventSource: sqs.amazonaws.com'),
  calls: list
    .pipe(z.array(z.string().regex(/^[A-Z]\w+$/, 'must be names of calls, as in SetQueueAttributes')).min(1))
    .describe('the eventNames, separated by commas: SetQueueAttributes,AddPermission'),
  attack: list
    .pipe(
      z
        .array(
          z.custom<TechniqueId>((value) => Object.hasOwn(techniques, String(value)), {
            error: `must be of playbooks/attack-techniques.ts: ${Object.keys(techniques).join(', ')}`,
          }),
        )
        .min(1),
    )
    .describe('ATT&CK techniques, separated by commas: T1530'),
  response: id.describe(`the playbook: ${Object.keys(responses).join(', ')}, or the id of a new one`),
  pack: z.enum(packIds).optional(),
});
export type DetectionAnswers = z.infer<typeof detectionAnswers>;
