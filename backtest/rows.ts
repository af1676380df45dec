import type { Actor } from '../playbooks/actor.ts';
import { type ActorText, labelIn, nameIn, readActor } from './actor-text.ts';
import { grown } from './growing.ts';
import type { Like, NotedHit, NotedHits } from './noted-hits.ts';
import { attemptPlace, type PackedHits, textPlace, width } from './packed-hits.ts';

/** A record that fits, as it is kept. There may be very many: what is asked of one is made when it is asked. */
export class Kept {
  /** ms since 1970. */
  readonly time: number;
  readonly #rows: Rows;
  readonly #row: number;
  readonly #hasText: boolean;

  constructor(rows: Rows, row: number, hasText: boolean) {
    this.#rows = rows;
    this.#row = row;
    this.#hasText = hasText;
    this.time = rows.time(row);
  }

  get actor(): Actor {
    return readActor(this.#rows.actor(this.#row));
  }

  /** What to call the actor in a sentence. */
  get label(): string {
    return labelIn(this.#rows.actor(this.#row));
  }

  /** What to call the actor without the session of a role; but the sessions of IAM Identity Center are people. */
  get name(): string {
    return this.#rows.text(this.who);
  }

  /** A number for each of these names. */
  get who(): number {
    return this.#rows.who(this.#row);
  }

  /** A number for each session's name. */
  get session(): number {
    return this.#rows.session(this.#row);
  }

  /** A number for each address. */
  get where(): number {
    return this.#rows.address(this.#row);
  }

  get address(): string {
    return this.#rows.text(this.where);
  }

  /** Whether it is a call that was refused or failed, as a playbook counts them. */
  get isAttempt(): boolean {
    return this.#rows.isAttempt(this.#row);
  }

  /** The record as JSON in UTF-8; undefined beyond what is kept of them. */
  get record(): Uint8Array | undefined {
    return this.#hasText ? this.#rows.record(this.#row) : undefined;
  }
}

/** The record itself, as it was read; undefined where its text is not kept. */
export function recordIn({ record }: Kept): unknown {
  return record && JSON.parse(Buffer.from(record.buffer, record.byteOffset, record.length).toString('utf8'));
}

/** Whom hits are like, with the places of the texts once there is such a hit. */
interface Known {
  like: Like;
  places?: { actor: number; session: number; address: number };
}

/** What a row has: the places of its texts, that of its record, and whether it is an attempt. */
const field = { actor: 0, session: 1, address: 2, record: 3, attempt: 4 };
const ROW = Object.keys(field).length;

/**
 * Matching records as numbers, each text once. As objects, V8 would copy them again and again while more of them come: that took longer
 * than all else that is done with them.
 */
export class Rows {
  #count = 0;
  #times = new Float64Array(1024);
  #numbers = new Int32Array(1024 * ROW);
  readonly #texts: string[] = [];
  readonly #known = new Map<string, number>();
  /** By where texts come from, the places of those. */
  readonly #places = new Map<string, number[]>();
  /** The same of those whom noted hits are like. */
  readonly #likes = new Map<string, Known[]>();
  readonly #records: Uint8Array[] = [];
  /** By the place of an actor's text, that of the actor's name, once it was asked for. */
  readonly #names: number[] = [];

  /** Takes texts that come from a place, and returns the places of all from there: some came before, but for those that are forgotten there. */
  learn(from: string, { texts, textsBefore }: { texts: readonly string[]; textsBefore: number }): readonly number[] {
    const places = textsBefore === 0 ? [] : (this.#places.get(from) ?? []);
    for (const text of texts) places.push(this.#placeOf(text));
    this.#places.set(from, places);
    return places;
  }

  /** The same of those whom noted hits are like. Returns all of them. */
  learnLikes(from: string, { likes, likesBefore }: NotedHits): readonly Known[] {
    const all = likesBefore === 0 ? [] : (this.#likes.get(from) ?? []);
    for (const like of likes) all.push({ like });
    this.#likes.set(from, all);
    return all;
  }

  #placeOf(text: string): number {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.#texts.push(text) - 1;
      this.#known.set(text, place);
    }
    return place;
  }

  /** Adds the n-th hit, whose texts have these places. Returns the row's number. */
  add({ times, places, records, ends }: PackedHits, n: number, texts: readonly number[], withText: boolean): number {
    const place = (k: number): number => texts[places[n * width + textPlace + k] ?? 0] ?? 0;
    const row = this.#add(times[n] ?? Number.NaN, place(0), place(1), place(2));
    // A copy: the others' memory goes with them.
    const record = withText ? this.#records.push(records.slice(ends[n - 1] ?? 0, ends[n])) - 1 : -1;
    this.#numbers[row * ROW + field.record] = record;
    this.#numbers[row * ROW + field.attempt] = places[n * width + attemptPlace] ?? 0;
    return row;
  }

  /** The same of a noted one, whose text nobody keeps. */
  addNoted({ time, session, address }: NotedHit, known: Known, texts: readonly number[]): number {
    const { like } = known;
    known.places ??= {
      actor: this.#placeOf(like.actor),
      session: this.#placeOf(like.session),
      address: this.#placeOf(like.address),
    };
    const { places } = known;
    const row = this.#add(time, places.actor, texts[session] ?? places.session, texts[address] ?? places.address);
    this.#numbers[row * ROW + field.record] = -1;
    this.#numbers[row * ROW + field.attempt] = like.isAttempt ? 1 : 0;
    return row;
  }

  #add(time: number, actor: number, session: number, address: number): number {
    const row = this.#count;
    if (row === this.#times.length) {
      this.#times = grown(this.#times, 2 * row);
      this.#numbers = grown(this.#numbers, 2 * row * ROW);
    }
    this.#count += 1;
    this.#times[row] = time;
    const at = row * ROW;
    this.#numbers[at + field.actor] = actor;
    this.#numbers[at + field.session] = session;
    this.#numbers[at + field.address] = address;
    return row;
  }

  time(row: number): number {
    return this.#times[row] ?? Number.NaN;
  }

  /** The places of its texts. */
  session(row: number): number {
    return this.#numbers[row * ROW + field.session] ?? 0;
  }

  address(row: number): number {
    return this.#numbers[row * ROW + field.address] ?? 0;
  }

  actor(row: number): ActorText {
    const place = this.#numbers[row * ROW + field.actor] ?? 0;
    return { actor: this.text(place), session: this.text(this.session(row)) };
  }

  /** The place of what to call the actor without the session, but for people. */
  who(row: number): number {
    const place = this.#numbers[row * ROW + field.actor] ?? 0;
    return this.#names[place] ?? this.#nameOf(place, row);
  }

  #nameOf(place: number, row: number): number {
    const name = this.#placeOf(nameIn(this.actor(row)));
    this.#names[place] = name;
    return name;
  }

  /** The text at a place. */
  text(place: number): string {
    return this.#texts[place] ?? '';
  }

  /** One of those that came from somewhere, by its place among those. */
  textFrom(from: string, place: number): string {
    return this.text(this.#places.get(from)?.[place] ?? 0);
  }

  isAttempt(row: number): boolean {
    return this.#numbers[row * ROW + field.attempt] === 1;
  }

  record(row: number): Uint8Array | undefined {
    return this.#records[this.#numbers[row * ROW + field.record] ?? -1];
  }
}
