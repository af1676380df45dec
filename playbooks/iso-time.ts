const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?$/;

/**
 * An ISO 8601 time such as `2026-05-01T03:00:00Z`, in ms since 1970; NaN where a text is none, or names a day that its month does not
 * have. It is UTC where it says nothing else, as CloudTrail's times are, wherever it is read.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function isoTime(text: string): number {
  if (!FORM.test(text)) return Number.NaN;
  const zone = text.at(-6);
  const time = Date.parse(text.endsWith('Z') || zone === '+' || zone === '-' ? text : `${text}Z`);
  const day = text.slice(8, 10);
  // February 30 is read as a day of March.
  const isDay = day <= '28' || new Date(Date.parse(`${text.slice(0, 10)}T00:00Z`)).getUTCDate() === Number(day);
  return isDay ? time : Number.NaN;
}
