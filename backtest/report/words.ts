import { dayAndClock, plain } from '../../playbooks/report/words.ts';

/** Day and time in UTC, of ms: `2026-05-01 03:05:12Z`. */
export const when = (time: number): string => dayAndClock(new Date(time).toISOString());

/** `1,204` */
export const number = (count: number): string => count.toLocaleString('en-US');

/** A name as it may be shown, cut in the middle: what it begins with and what it ends with tell most. */
export function shortened(name: string, most = 240): string {
  // By characters, so that none is cut in two.
  const characters = [...plain(name)];
  if (characters.length <= most) return characters.join('');
  const half = Math.floor((most - 3) / 2);
  return `${characters.slice(0, half).join('')}...${characters.slice(-half).join('')}`;
}
