import type { ActorKind } from '../playbooks/actor.ts';
import { readActor } from './actor-text.ts';
import type { Facts, Judged } from './judge.ts';
import { layout } from './scan/layout.ts';
import type { Scanner } from './scan/scanner.ts';

/** What hits have in common with the one that was judged for them, where they have nothing of their own. */
export type Like = Pick<Facts, 'fits' | 'actor' | 'session' | 'address' | 'isAttempt'>;

/** Hits in their order: those that the scanner noted by itself, and in between the places of those that were packed one by one. */
export interface NotedHits {
  /** As note.wat says. */
  rows: Uint8Array;
  /** Their texts, as far as those were not handed over before, and how many were; 0 where all that came before are forgotten. */
  texts: string[];
  textsBefore: number;
  /** The same of whom they are like. */
  likes: Like[];
  likesBefore: number;
}

/** Has the scanner note by itself what is like what was judged. */
export class HitNoter {
  readonly #scanner: Scanner;
  #likes: Like[] = [];
  #likesBefore = 0;
  #textsBefore = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /** Has an outline stand for what the record came to that was met last: nothing may be taken in between. */
  learn(outline: number, judged: Judged): void {
    this.#scanner.learnDay();
    if (this.#scanner.speaker(outline) !== 0) return;
    if (judged === 'unfit') this.#scanner.setSpeaker(outline, -1);
    else if (speaksForOthers(judged, this.#scanner.hasSession)) {
      const { fits, actor, session, address, isAttempt } = judged;
      const speaker = this.#likesBefore + this.#likes.push({ fits, actor, session, address, isAttempt });
      this.#scanner.setSpeaker(outline, speaker);
    }
  }

  /** Takes what there is, and begins anew. */
  take(): NotedHits {
    const noted = {
      rows: this.#scanner.takeHits(),
      texts: this.#scanner.texts(this.#textsBefore),
      textsBefore: this.#textsBefore,
      likes: this.#likes,
      likesBefore: this.#likesBefore,
    };
    this.#textsBefore = this.#scanner.forgetIfCrowded('texts') ? 0 : this.#textsBefore + noted.texts.length;
    this.#likesBefore = this.#scanner.forgetIfCrowded('outlines') ? 0 : this.#likesBefore + noted.likes.length;
    this.#likes = [];
    return noted;
  }
}

/** Principals of whom neither the address tells who they are, nor their id: outlines lack both. See `principalOf`. */
const named: readonly ActorKind[] = ['root', 'iam-user', 'assumed-role', 'identity-center-role'];

/** Whether what a record comes to tells the same of all that are like it; `hasSession`: its session is told apart from the rest. */
function speaksForOthers(facts: Facts, hasSession: boolean): boolean {
  const { kind } = readActor(facts);
  return hasSession ? kind === 'assumed-role' : named.includes(kind);
}

/** How many numbers of 32 bits a hit has; where in it its eventID begins, which is its speaker, and which are its texts. */
const WIDTH = layout.hitSize / 4;
const place = { id: 2, speaker: 6, session: 7, address: 8 };

/** A noted hit, with what it has of its own; of the rest, another one speaks for it. */
export interface NotedHit {
  /** ms since 1970. */
  time: number;
  /** Which of those it is like. */
  like: number;
  /** Which of the texts its session and its address are; -1 where it has none of its own. */
  session: number;
  address: number;
}

/**
 * Goes through noted hits in their order: `noted` gets those, with the numbers of all and the place among them where the eventID is, and
 * `packed` is called for each of the others.
 */
export function eachHit(
  { rows }: NotedHits,
  noted: (hit: NotedHit, numbers: Int32Array, idAt: number) => void,
  packed: () => void,
): void {
  const times = new Float64Array(rows.buffer, rows.byteOffset, rows.length / 8);
  const numbers = new Int32Array(rows.buffer, rows.byteOffset, rows.length / 4);
  for (let at = 0; at < numbers.length; at += WIDTH) {
    const speaker = numbers[at + place.speaker] ?? 0;
    if (speaker === 0) packed();
    else {
      const [session = 0, address = 0] = [numbers[at + place.session], numbers[at + place.address]];
      const time = times[at / 2] ?? Number.NaN;
      noted({ time, like: speaker - 1, session: session - 1, address: address - 1 }, numbers, at + place.id);
    }
  }
}
