import type { CloudTrailRecord } from '../playbooks/cloudtrail.ts';
import type { Mailbox } from './mailbox.ts';
import type { Signals } from './signals.ts';

type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim';
const CODES: Record<Colour, number> = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 };

/** Where lines go. */
export interface Terminal {
  write(text: string): unknown;
  /** Whether colours may be used. */
  colours: boolean;
  now: () => Date;
}

/** Whether a stream takes colours: a terminal, and nobody asked for none. https://no-color.org */
export function takesColours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !env.NO_COLOR;
}

/**
 * Writes a line for each thing of note: calls that changed something or were refused, console sign-ins, alarms, what
 * EventBridge started, mails. Reads are left out: a playbook makes many.
 */
export function liveLog(signals: Signals, mailbox: Pick<Mailbox, 'events'>, terminal: Terminal): void {
  const line = (kind: string, colour: Colour, text: string): void => {
    const paint = (name: Colour, what: string): string =>
      terminal.colours ? `\x1b[${CODES[name]}m${what}\x1b[0m` : what;
    const time = terminal.now().toISOString().slice(11, 19);
    terminal.write(`${paint('dim', time)} ${paint(colour, kind.padEnd(8))} ${oneLine(text)}\n`);
  };
  signals.on('record', (record, trails) => {
    if (!isOfNote(record)) return;
    const note = trails.length === 0 ? ' [no trail records it]' : '';
    line('call', record.errorCode || failedSignIn(record) ? 'yellow' : 'dim', describeRecord(record) + note);
  });
  signals.on('alarm', ({ name, from, to, reason }) =>
    line('alarm', to === 'ALARM' ? 'red' : 'green', `${name}: ${from} -> ${to} (${reason})`),
  );
  signals.on('delivery', ({ rule, target, started, error }) =>
    line(
      'started',
      error ? 'red' : 'cyan',
      error ? `${rule}: ${target} refused: ${error}` : `${rule}: ${started ?? target}`,
    ),
  );
  mailbox.events.on('mail', ({ subject }) => line('mail', 'cyan', subject || '(no subject)'));
}

function isOfNote(record: CloudTrailRecord): boolean {
  return record.readOnly !== true || record.errorCode !== undefined;
}

function failedSignIn(record: CloudTrailRecord): boolean {
  const { responseElements } = record;
  return typeof responseElements === 'object' && responseElements !== null && 'ConsoleLogin' in responseElements
    ? responseElements.ConsoleLogin === 'Failure'
    : false;
}

function describeRecord(record: CloudTrailRecord): string {
  const { userIdentity: who, eventName, eventSource, sourceIPAddress, errorCode, errorMessage } = record;
  const issuer = who?.sessionContext?.sessionIssuer?.userName;
  const name = who?.userName ?? issuer ?? (who?.type === 'Root' ? 'root' : (who?.invokedBy ?? who?.type ?? 'unknown'));
  const service = eventSource?.replace('.amazonaws.com', '') ?? '?';
  const refused = errorCode ? ` -> ${errorCode}` : failedSignIn(record) ? ` -> ${errorMessage ?? 'Failure'}` : '';
  return `${name} ${service}:${eventName ?? '?'} from ${sourceIPAddress ?? '?'}${refused}`;
}

/** What others wrote, made safe for a terminal: no control characters, no line breaks, not endless. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500);
}
