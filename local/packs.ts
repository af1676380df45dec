import { packIds } from '../playbooks/packs.ts';
import { LocalFailure } from './failure.ts';

/** The account's default VPC, as the emulator has it from the start. */
export const DEFAULT_VPC = 'vpc-00000001';

/**
 * The settings of a deployment with these packs on, as a command's `--packs` has them: `cis,credentials`.
 * @throws LocalFailure of kind `usage` where one is not known
 */
export function packSettings(text: string | undefined): { packs?: string; flowLogs?: string } {
  const wanted = (text ?? '').split(',').filter(Boolean);
  const unknown = wanted.find((one) => !packIds.some((id) => id === one));
  if (unknown) throw new LocalFailure('usage', `There is no pack "${unknown}". There are: ${packIds.join(', ')}.`);
  if (wanted.length === 0) return {};
  return { packs: wanted.join(','), ...(wanted.includes('flows') ? { flowLogs: DEFAULT_VPC } : {}) };
}
