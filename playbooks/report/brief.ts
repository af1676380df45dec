/** Lines of a section that a mail shows; a report in the evidence shows all. What a person must decide or do has more room. */
const MOST_LINES = 40;
const MOST_LINES_TO_ANSWER = 100;
/** Characters of a line that a mail shows. A command is shown whole: half a command is worse than none. */
const MOST_CHARACTERS = 400;

/**
 * A report as a mail can carry it: SNS takes 262,144 bytes, and nobody reads more than a few pages in the night. What is
 * left out of a section is said there.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function briefly(report: string): string {
  const sections = report.trimEnd().split('\n\n');
  return `${sections.map(shorten).join('\n\n')}\n`;
}

function shorten(section: string): string {
  const lines = section.split('\n');
  const most = /^FOR YOU TO /.test(section) ? MOST_LINES_TO_ANSWER : MOST_LINES;
  const kept = lines.slice(0, lines.length > most ? wholeItems(lines, most) : most).map(cut);
  const more = lines.length - kept.length;
  return [...kept, ...(more > 0 ? [`- ... and ${more} more lines: the whole report is in the evidence`] : [])].join(
    '\n',
  );
}

/** How many lines the items have that fit whole: half a question is worse than none. The first is shown in any case. */
function wholeItems(lines: string[], most: number): number {
  const start = lines.slice(0, most + 1).findLastIndex((line) => !line.startsWith('    '));
  return start > 1 ? start : most;
}

function cut(line: string): string {
  if (line.length <= MOST_CHARACTERS || line.trimStart().startsWith('$ ')) return line;
  return `${line.slice(0, MOST_CHARACTERS)}...`;
}
