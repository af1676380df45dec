import { actions } from '../handlers/actions/catalog.ts';
import { responses } from '../playbooks/catalog.ts';
import type { Response } from '../playbooks/response.ts';

/** A response would do at once what cannot be undone. */
export class AutomaticIrreversible extends Error {
  override readonly name = 'AutomaticIrreversible';
}

/**
 * Refuses responses that do at once what cannot be undone: a person must decide that. A mode that is found out from the
 * incident is held down to an approval when it comes to it.
 * @throws {AutomaticIrreversible}
 */
export function refuseAutomaticIrreversible(
  all: Readonly<Record<string, Response>> = responses,
  isIrreversible: (action: string) => boolean = (id) => actions[id]?.irreversible !== undefined,
): void {
  for (const [id, { restore, contain }] of Object.entries(all)) {
    const automatic = [...restore, ...contain.filter(({ mode }) => mode === 'auto')];
    const wrong = automatic.find(({ action }) => isIrreversible(action));
    if (!wrong) continue;
    throw new AutomaticIrreversible(
      `Response ${id} would do ${wrong.action} at once, which cannot be undone: contain with mode 'approve' instead.`,
    );
  }
}
