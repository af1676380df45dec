import type { PipelineState, TrailBaseline } from '../../playbooks/trail-baseline.ts';
import { baselinesThrough, type PipelinePart } from '../../playbooks/trail-pipeline.ts';
import type { Context } from '../context.ts';
import { TargetUnfit } from '../errors.ts';

/**
 * How a part that a trail delivers through should be: as the newest baseline of such a trail has it.
 * @throws {TargetUnfit} where no baseline has it
 */
export async function wanted<K extends keyof PipelineState>(
  part: PipelinePart,
  field: K,
  context: Context,
): Promise<{ state: NonNullable<PipelineState[K]>; baseline: TrailBaseline }> {
  for (const baseline of baselinesThrough(part, await context.ledger.baselines.all())) {
    const state = baseline.pipeline[field];
    if (state !== undefined) return { state: state as NonNullable<PipelineState[K]>, baseline };
  }
  throw new TargetUnfit(`No baseline of a trail has ${part.name}: it must be put back by hand.`);
}
