import type { CloudTrailRecord } from '../cloudtrail.ts';
import type { Incident } from '../incident.ts';
import { defaultOptions, type findingBands, type Options } from '../options.ts';
import { type Mode, modes } from '../response.ts';
import { bandOf, findingOf, isUpdate } from './finding.ts';

const farther = (a: Mode, b: Mode): Mode => (modes.indexOf(a) > modes.indexOf(b) ? a : b);

/** A mode, but not beyond another one. */
export const atMost = (most: Mode, mode: Mode): Mode => (modes.indexOf(mode) > modes.indexOf(most) ? most : mode);

/**
 * How far cordon goes by itself for a finding: as its severity says. Without a severity, and where an incident has answered the
 * finding before, a person decides: nothing is contained a second time unasked.
 */
export function modeOfFinding(record: CloudTrailRecord, { findingModes }: Options = defaultOptions): Mode {
  const finding = findingOf(record);
  const band = finding && bandOf(finding);
  if (band === undefined) return 'approve';
  const mode = findingModes[band.toLowerCase() as (typeof findingBands)[number]];
  return isUpdate(record) ? atMost('approve', mode) : mode;
}

/** The farthest that one of several findings lets cordon go. */
export const modeOfFindings = (records: readonly CloudTrailRecord[], options: Options): Mode =>
  records.map((record) => modeOfFinding(record, options)).reduce(farther, 'monitor');

/** The same against one actor, by the findings about it. */
export const modeAgainst = (
  { events }: Incident,
  actorKey: string,
  options: Options,
  counts: (record: CloudTrailRecord) => boolean = () => true,
): Mode =>
  modeOfFindings(
    events
      .filter(({ actor, verdict, record }) => actor.key === actorKey && verdict === 'offence' && counts(record))
      .map(({ record }) => record),
    options,
  );
