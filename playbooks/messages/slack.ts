import { plain } from '../report/words.ts';
import type { SlackMessage } from './events.ts';

/** Slack's limits of the texts of a header and of a section, and of a message's own. */
const MOST = { header: 150, section: 3000, text: 4000 };

/**
 * A message for a Slack incoming webhook: what a notification shows, a heading, and plain lines. The lines may hold what
 * an offender chose: as plain text they are not formatted, and escaped they mention nobody and link nowhere.
 */
export function slackMessage(heading: string, lines: readonly string[]): SlackMessage {
  const body = lines.map(plain).join('\n');
  return {
    text: escaped(plain(`${heading}${lines[0] ? `: ${lines[0]}` : ''}`), MOST.text),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: escaped(plain(heading), MOST.header) } },
      ...(body
        ? [
            {
              type: 'section' as const,
              text: { type: 'plain_text' as const, text: escaped(body, MOST.section), emoji: false as const },
            },
          ]
        : []),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Slack's three control characters as entities: mentions and links begin with `<`. Cut to at most `most` characters, never
 * within an entity or a character.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escaped(text: string, most: number): string {
  const parts = Array.from(text, (character) => ENTITIES[character] ?? character);
  let length = 0;
  const fitting = parts.findIndex((part) => {
    length += part.length;
    return length > most;
  });
  if (fitting < 0) return parts.join('');
  const kept = parts.slice(0, fitting);
  while (kept.join('').length > most - 3) kept.pop();
  return `${kept.join('')}...`;
}
