import { plural } from '../../playbooks/report/words.ts';
import type { BacktestResult } from '../backtest.ts';
import type { Problem } from '../tally.ts';
import { number } from './words.ts';

/** Problems as a report shows them: by file, so that one bad file does not hide the others. */
export interface ShownProblems {
  /** `more`: how many others a file has, in words. */
  files: { file: string; first: readonly Problem[]; more: string | undefined }[];
  /** About what is not shown, in words; undefined where all is. */
  rest: string | undefined;
}

/** The first problems of each of the first files. */
export function shownProblems(
  { problems, problemCount }: BacktestResult,
  { mostFiles, mostEach }: { mostFiles: number; mostEach: number },
): ShownProblems {
  const byFile = new Map<string, Problem[]>();
  for (const problem of problems) {
    const known = byFile.get(problem.file);
    if (known) known.push(problem);
    else byFile.set(problem.file, [problem]);
  }
  const all = [...byFile].map(([file, own]) => ({ file, own }));
  const others = all.slice(mostFiles);
  const hidden = others.reduce((sum, { own }) => sum + own.length, 0);
  // Of these it is not known in which files they are: any may have more than are kept.
  const unlisted = problemCount - problems.length;
  const rest = [
    ...(hidden > 0 ? [`and ${plural(hidden, 'more problem')} in ${plural(others.length, 'more file')}`] : []),
    ...(unlisted > 0 ? [`and ${number(unlisted)} more that were counted and not kept`] : []),
  ];
  return {
    files: all.slice(0, mostFiles).map(({ file, own }) => ({
      file,
      first: own.slice(0, mostEach),
      more:
        own.length > mostEach
          ? `and ${unlisted > 0 ? 'at least ' : ''}${number(own.length - mostEach)} more in this file`
          : undefined,
    })),
    rest: rest.length > 0 ? rest.join(', ') : undefined,
  };
}
