import { packIds } from '../playbooks/packs.ts';
import { LocalFailure } from './failure.ts';

/**
 * The setting of a deployment with these packs on, as a command's `--packs` has them: `cis,credentials`.
 * @throws LocalFailure of kind `usage` where one is not known
 */
export function packSettings(text: string | undefined): { packs?: string } {
  const wanted = (text ?? '').split(',').filter(Boolean);
  const unknown = wanted.find((one) => !packIds.some((id) => id === one));
  if (unknown) throw new LocalFailure('usage', `There is no pack "${unknown}". There are: ${packIds.join(', ')}.`);
  return wanted.length > 0 ? { packs: wanted.join(',') } : {};
}
