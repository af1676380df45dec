import { plain } from '../../playbooks/report/words.ts';

/** Text as it may stand in HTML and its attributes; what an attacker can put into a record stays text, and visible. */
export const escaped = (text: string): string => plain(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
