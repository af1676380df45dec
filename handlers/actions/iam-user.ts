import { z } from 'zod';
import type { IncidentRef } from './action.ts';

/** An IAM user, by name. */
export const userTarget = z.object({ user: z.string().min(1).max(64) });

/** The access of a user, by keys and policy, as a thing that several actions may hold. */
export const accessOf = (user: string): string => `access/user/${user}`;

/** The tags that say by which incident, why and when a user was contained. */
export const tagsFor = (incident: IncidentRef, at: Date): { Key: string; Value: string }[] => [
  { Key: 'cordon:incident', Value: incident.id },
  { Key: 'cordon:detection', Value: incident.detection },
  { Key: 'cordon:at', Value: at.toISOString() },
];
