import type { TrailHealth } from '../../playbooks/findings.ts';
import { losses } from '../../playbooks/trail-baseline.ts';
import { baselinesThrough, partOf } from '../../playbooks/trail-pipeline.ts';
import { errorText } from '../errors.ts';
import { readPipeline, readPipelinePermissions } from '../trails/read-pipeline.ts';
import { readTrail, readTrailPermissions } from '../trails/read-trail.ts';
import type { Investigation } from './investigation.ts';

/** How the trails that deliver through what the records name stand now, against their baselines. */
export default {
  asks: 'Whether the trails that deliver through what was called on are as in their baselines',
  permissions: [...readTrailPermissions, ...readPipelinePermissions],
  find: async (incident, context) => {
    const baselines = await context.ledger.baselines.all();
    const parts = incident.events.flatMap(({ record, verdict }) =>
      verdict === 'offence' ? (partOf(record, incident.account) ?? []) : [],
    );
    const concerned = new Map(
      parts.flatMap((part) => baselinesThrough(part, baselines)).map((baseline) => [baseline.trail, baseline]),
    );
    const found: TrailHealth[] = [];
    for (const baseline of concerned.values()) {
      const { trail, version } = baseline;
      try {
        const reading = await readTrail(trail, context);
        const pipeline = reading && (await readPipeline(baseline.state, context));
        found.push({
          trail,
          baseline: version,
          logging: reading?.logging ?? false,
          losses:
            reading && pipeline ? losses(baseline, reading.state, pipeline).map(({ words }) => words) : ['deleted'],
        });
      } catch (error) {
        found.push({ trail, baseline: version, logging: false, losses: [], unread: errorText(error) });
      }
    }
    return found;
  },
} satisfies Investigation<TrailHealth[]>;
