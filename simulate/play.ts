import { setTimeout as delay } from 'node:timers/promises';
import type { Head } from '../handlers/incidents/items.ts';
import type { Ledger } from '../handlers/incidents/ledger.ts';
import type { Incident } from '../playbooks/incident.ts';
import type { Attack, Expected, Prepared, Proof } from './attack.ts';
import type { Scene } from './scene.ts';

/** What a simulated attack came to. */
export interface Simulated {
  expected: Expected;
  /** Absent where none came within the time. */
  incident?: Incident & Head;
  proofs: Proof[];
  /** Seconds from the attack's first call to the incident, and to its outcome. */
  detected?: number;
  decided?: number;
  /** Detected and contained as it must be. */
  ok: boolean;
}

/** How to look for what comes of it. */
export interface Watching {
  ledger: Ledger;
  /** Gets each step as it happens. */
  tell: (step: string) => void;
  /** ms until nothing more is waited for. */
  patience: number;
  /** ms between two looks. */
  every: number;
  signal: AbortSignal;
}

/** Incidents that were opened so long before the attack, in ms, may still be open and take its records in. */
const EARLIER_MS = 24 * 3_600_000;

/** Plays an attack and follows it until its incident stands as it must, or the time is over. What was made stays there. */
export async function play(attack: Attack, scene: Scene, watching: Watching): Promise<Simulated> {
  const { signal, tell } = watching;
  const prepared = await attack.prepare(scene);
  signal.throwIfAborted();
  const { expected } = attack;
  const start = scene.now();
  await prepared.attack(tell);
  const followed = await follow(attack, prepared, start, scene, watching);
  signal.throwIfAborted();
  const { incident } = followed;
  const proofs = incident
    ? await prepared
        .prove()
        .catch((error: unknown): Proof[] => [
          { what: 'the containment can be tried out', holds: false, seen: String(error) },
        ])
    : [];
  const ok = incident !== undefined && stands(incident, expected) && proofs.every(({ holds }) => holds);
  return { ...followed, expected, proofs, ok };
}

const stands = (incident: Incident, { outcome, severity }: Expected): boolean =>
  incident.outcome === outcome && incident.severity === severity;

async function follow(
  { detection, expected }: Attack,
  prepared: Prepared,
  start: Date,
  scene: Scene,
  { ledger, tell, patience, every, signal }: Watching,
) {
  const seconds = (): number => Math.round((scene.now().getTime() - start.getTime()) / 100) / 10;
  const told = new Set<string>();
  const once = (key: string, text: string): void => {
    if (told.has(key)) return;
    told.add(key);
    tell(text);
  };
  let found: (Incident & Head) | undefined;
  let detected: number | undefined;
  while (scene.now().getTime() - start.getTime() < patience) {
    found = await incidentOf(ledger, detection, prepared, start);
    if (found) {
      detected ??= seconds();
      once('incident', `incident ${found.id}`);
      for (const { key, title, label, status } of found.actions) {
        if (status !== 'planned' && status !== 'captured' && status !== 'contained') {
          once(`${key} ${status}`, `${title}, ${label}: ${status === 'verified' ? 'done and read back' : status}`);
        }
      }
      if (found.outcome) once(`outcome ${found.outcome}`, `${found.severity} ${found.outcome}`);
      // It may become what it must be with a later round, until its playbook is done.
      if (stands(found, expected) || found.status !== 'open') break;
    }
    await delay(every, undefined, { signal });
  }
  return {
    ...(found ? { incident: found } : {}),
    ...(detected === undefined ? {} : { detected }),
    ...(found?.outcome ? { decided: seconds() } : {}),
  };
}

/** The incident that has the attack's records, be it one that was open before. */
async function incidentOf(
  ledger: Ledger,
  detection: string,
  { actor: name }: Prepared,
  start: Date,
): Promise<(Incident & Head) | undefined> {
  const since = new Date(start.getTime() - EARLIER_MS).toISOString();
  // CloudTrail's times have whole seconds.
  const from = start.getTime() - 1_000;
  for await (const head of ledger.newest({ since })) {
    const mayHaveIt = head.status === 'open' || Date.parse(head.closedAt ?? head.openedAt) >= from;
    if (head.detection !== detection || !mayHaveIt) continue;
    const incident = await ledger.incident(head.id);
    const theirs = incident.events.some(
      ({ actor, record }) =>
        (actor.name === name || (name === 'root' && actor.kind === 'root')) && Date.parse(record.eventTime) >= from,
    );
    if (theirs) return incident;
  }
  return undefined;
}
