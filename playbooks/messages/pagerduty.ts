import type { Severity } from '../detection.ts';
import { plain } from '../report/words.ts';
import type { PagerDutyEvent } from './events.ts';

/** Severities as PagerDuty has them. https://developer.pagerduty.com/docs/events-api-v2-overview */
const severities = { CRITICAL: 'critical', HIGH: 'error', MEDIUM: 'warning', LOW: 'info' } as const satisfies Record<
  Severity,
  string
>;
const MOST_SUMMARY = 1024;
const MOST_KEY = 255;

/** What a page says. */
export interface Page {
  /** The same in all pages of an incident. */
  dedupKey: string;
  summary: string;
  severity: Severity;
  /** ISO time. */
  at: string;
  account: string;
  region: string;
  detection: string;
  target?: string | undefined;
  details: Record<string, string | string[]>;
}

/** Opens an alert, or adds to the one that is open under the same key. */
export function trigger({ dedupKey, summary, severity, at, target, details, ...where }: Page): PagerDutyEvent {
  return {
    event_action: 'trigger',
    dedup_key: keyOf(dedupKey),
    client: 'cordon',
    payload: {
      summary: plain(summary).slice(0, MOST_SUMMARY),
      source: `${where.account} ${where.region}`,
      severity: severities[severity],
      timestamp: at,
      ...(target ? { component: plain(target) } : {}),
      group: where.account,
      class: where.detection,
      custom_details: Object.fromEntries(
        Object.entries(details).map(([name, value]) => [
          name,
          typeof value === 'string' ? plain(value) : value.map(plain),
        ]),
      ),
    },
  };
}

/** Says that somebody is at it. Without an open alert it does nothing. */
export const acknowledge = (dedupKey: string): PagerDutyEvent => ({
  event_action: 'acknowledge',
  dedup_key: keyOf(dedupKey),
});

/** Closes the alert. Without an open alert it does nothing. */
export const resolve = (dedupKey: string): PagerDutyEvent => ({ event_action: 'resolve', dedup_key: keyOf(dedupKey) });

const keyOf = (text: string): string => text.slice(0, MOST_KEY);
