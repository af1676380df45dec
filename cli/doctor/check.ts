import { denial } from '../explain.ts';
import type { Installation } from './installation.ts';

/** One thing that was looked at. */
export interface Finding {
  /** `ok`; `todo`: something is to be done; `info`: worth knowing. */
  state: 'ok' | 'todo' | 'info';
  /** What is the case, a sentence. */
  says: string;
  /** What to do, a command or a sentence each. */
  todo?: string[];
}

/** A check of a live installation. It only reads. */
export interface Check {
  /** One word: `alarms`. */
  id: string;
  run: (installation: Installation, now: Date) => Promise<Finding[]>;
}

/** Nothing to do. */
export const ok = (says: string): Finding => ({ state: 'ok', says });
/** Something to do. */
export const todo = (says: string, ...todos: string[]): Finding => ({ state: 'todo', says, todo: todos });
/** Worth knowing. */
export const info = (says: string): Finding => ({ state: 'info', says });

/** Where it stands how something was deployed. Deploying the same again mends nothing: CloudFormation sees no change. */
export const asDeployed = ({ desk: { prefix } }: Installation): string =>
  `How it was deployed: aws cloudformation get-template --stack-name ${prefix} --query TemplateBody`;

/** All that is wrong, or one line that nothing is. */
export const orAllOk = (wrong: Finding[], says: string): Finding[] => (wrong.length > 0 ? wrong : [ok(says)]);

/** Runs a check; what could not be looked at is something to do, too. */
export async function carryOut(check: Check, installation: Installation, now: Date): Promise<Finding[]> {
  try {
    return await check.run(installation, now);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    if (/AccessDenied|AuthorizationError/.test(name)) {
      return [todo('could not be looked at', denial(message, installation.desk.prefix))];
    }
    return [todo(`could not be looked at: ${name}: ${message}`, 'Try again.')];
  }
}
