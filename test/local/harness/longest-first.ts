import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take minutes, the longest first. */
const LONGEST = [
  'trail-pipeline',
  'operations',
  'watchdog',
  'guard',
  'input',
  's3',
  'principals',
  'flow-logs',
  'soc-tampering',
  'cli',
  'simulations',
  'trail-lanes',
  'packs',
  'guardduty',
  'settle',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/local/${name}.test.ts`));
  return at < 0 ? LONGEST.length : at;
};

/** Begins with the longest files: where one of them comes last, the others' workers have nothing to do meanwhile. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
