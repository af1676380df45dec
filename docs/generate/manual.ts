import type { ManualStep } from '../../playbooks/incident.ts';
import type { Response } from '../../playbooks/response.ts';
import { block, paragraph } from './markdown.ts';
import { filled } from './placeholders.ts';
import type { Specimen } from './specimen.ts';

/** What a response leaves to a person: what the usual incident does, then what each other one adds to it. */
export function manualLines(specimens: readonly Specimen[], { byHand }: Pick<Response, 'byHand'>): string[] {
  const seen = new Set<string>();
  const groups = specimens.map(({ when, incident }, index) => {
    const steps = byHand(incident).filter((step) => isNew(step, seen));
    return { heading: index === 0 ? 'As a rule:' : `When ${when}:`, steps };
  });
  const lines = groups
    .filter(({ steps }) => steps.length > 0)
    .flatMap(({ heading, steps }) => [...paragraph(`**${heading}**`), ...steps.flatMap(stepLines)]);
  return lines.length > 0 ? lines : paragraph('Nothing more than the decisions above.');
}

/** True for a step that no earlier incident had, whatever names its commands have. */
function isNew({ what }: ManualStep, seen: Set<string>): boolean {
  const before = seen.size;
  return seen.add(what).size > before;
}

const stepLines = ({ what, commands = [] }: ManualStep): string[] => [
  `- ${filled(what)}`,
  '',
  ...block('sh', commands.map(filled)).map((line) => (line ? `  ${line}` : line)),
];
