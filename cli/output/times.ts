/** A span of time as people say it, from milliseconds: `40 s`, `12 min`, `5 h`, `3 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** How long ago an ISO time was. */
export const age = (iso: string, now: Date): string => span(now.getTime() - Date.parse(iso));

/** How long it is until an ISO time: `3 h left`, `2 h over`. */
export function left(iso: string, now: Date): string {
  const ms = Date.parse(iso) - now.getTime();
  return ms >= 0 ? `${span(ms)} left` : `${span(-ms)} over`;
}
