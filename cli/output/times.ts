import { span } from '../../playbooks/report/words.ts';

/** How long ago an ISO time was. */
export const age = (iso: string, now: Date): string => span(now.getTime() - Date.parse(iso));

/** How long it is until an ISO time: `3 h left`, `2 h over`. */
export function left(iso: string, now: Date): string {
  const ms = Date.parse(iso) - now.getTime();
  return ms >= 0 ? `${span(ms)} left` : `${span(-ms)} over`;
}
