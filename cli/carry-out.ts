import { type Check, type Finding, todo } from '../handlers/installation/check.ts';
import type { Installation } from '../handlers/installation/installation.ts';
import { denial } from './explain.ts';

/** Runs a check; what could not be looked at is something to do, too. */
export async function carryOut(check: Check, installation: Installation, now: Date): Promise<Finding[]> {
  try {
    return await check.run(installation, now);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    if (/AccessDenied|AuthorizationError/.test(name)) {
      return [todo('could not be looked at', denial(message, installation.reader.prefix))];
    }
    return [todo(`could not be looked at: ${name}: ${message}`, 'Try again.')];
  }
}
