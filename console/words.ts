import { plain } from '../playbooks/report/words.ts';

/** A duration as people read it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(value / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(value / 3600);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** How long ago, in one unit: `4 min ago`. */
export function ago(iso: string, now: Date): string {
  const [first = '', unit = ''] = seconds(Math.max(0, (now.getTime() - Date.parse(iso)) / 1000)).split(' ');
  return `${Math.round(Number(first))} ${unit} ago`;
}

/** A JSON value in lines, with what an attacker may have hidden in it made visible. */
export const json = (value: unknown): string =>
  (JSON.stringify(value, null, 2) ?? 'nothing')
    .split('\n')
    .map((line) => plain(line))
    .join('\n');

/** The last part of an ARN: what a person calls it. */
export const shortArn = (arn: string): string => arn.split(':').slice(5).join(':') || arn;

/** `1 incident`, `2 incidents`. */
export const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
