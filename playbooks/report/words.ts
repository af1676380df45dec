/** The parts that are there, joined by commas. */
export const line = (...parts: (string | undefined)[]): string => parts.filter((part) => part).join(', ');

/** The values by commas; of more than `most` the first ones, and how many more there are. */
export function listed(values: readonly string[], most = 8): string {
  const more = values.length - most;
  return `${values.slice(0, most).join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`;
}

/** `1 second`, `2 seconds`, `1,204 objects`. */
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

/** The time of day in UTC, to the second: `03:05:12Z`. Days are in the report's head. */
export const clock = (iso: string | undefined): string =>
  iso === undefined || Number.isNaN(Date.parse(iso)) ? 'unknown time' : `${new Date(iso).toISOString().slice(11, 19)}Z`;

/** Day and time in UTC: `2026-05-01 03:05:12Z`. */
export const dayAndClock = (iso: string): string =>
  Number.isNaN(Date.parse(iso)) ? 'unknown time' : `${new Date(iso).toISOString().slice(0, 10)} ${clock(iso)}`;

/** `712 B`, `1.4 MB`; decimal units. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), units.length - 1);
  const value = count / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/**
 * Text as it may stand in a mail or a terminal: control characters, line breaks, bidirectional overrides and other
 * invisible characters, which an attacker can put into a user agent or a bucket tag, become visible escapes.
 */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });

/** `plain` text of printable ASCII only, cut to `length` with an ellipsis: what an SNS subject may hold. */
export function ascii(text: string, length: number): string {
  const clean = text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
  return clean.length <= length ? clean : `${clean.slice(0, length - 3)}...`;
}

/** A span of time as people say it, from milliseconds: `40 s`, `12 min`, `5 h`, `3 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
