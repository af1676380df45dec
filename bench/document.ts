import { LocalFailure } from '../local/failure.ts';

const begin = (bench: string): string => `<!-- measured: ${bench} -->`;
const end = (bench: string): string => `<!-- end of measured: ${bench} -->`;

/**
 * The document with a bench's section replaced: what stands between its two markers. The rest, written by hand, stays.
 * @throws LocalFailure of kind `failed` when the document lacks the markers, or has them in the wrong order
 */
export function withSection(document: string, bench: string, section: string): string {
  const from = document.indexOf(begin(bench));
  const to = document.indexOf(end(bench));
  if (from < 0 || to < from) {
    throw new LocalFailure(
      'failed',
      `docs/benchmarks.md has no place for ${bench}: put the lines ${begin(bench)} and ${end(bench)} where its figures belong.`,
    );
  }
  return `${document.slice(0, from)}${begin(bench)}\n\n${section.trim()}\n\n${document.slice(to)}`;
}
