import type { Findings } from '../../playbooks/findings.ts';
import type { Incident } from '../../playbooks/incident.ts';
import type { Context } from '../context.ts';
import type { Permission } from '../permissions.ts';

/** One question about an incident. Changes nothing; its id is its key in the findings. */
export interface Investigation<Found> {
  /** What it finds out, in words, for the runbook: "How long each trail did not record". */
  asks: string;
  permissions: Permission[];
  find: (incident: Incident, context: Context) => Promise<Found>;
}

/** Every investigation by its id. */
export type Investigations = { [K in keyof Findings]-?: Investigation<NonNullable<Findings[K]>> };
