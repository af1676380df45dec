import type { IncidentRef } from '../actions/action.ts';

/** The tags that say by which incident, by which detection and when something was contained or made. */
export const tagsFor = (incident: IncidentRef, at: Date): { Key: string; Value: string }[] => [
  { Key: 'cordon:incident', Value: incident.id },
  { Key: 'cordon:detection', Value: incident.detection },
  { Key: 'cordon:at', Value: at.toISOString() },
];
