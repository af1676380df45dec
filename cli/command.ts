import type { z } from 'zod';
import type { ConnectionOptions } from './connection.ts';
import type { Desk } from './desk.ts';
import type { ExitKind } from './failure.ts';
import type { Out } from './output/out.ts';

/** An argument of a command, by its place. */
export interface Argument {
  /** As the help shows it: `INCIDENT`. */
  name: string;
  about: string;
  optional?: true;
}

/** An option of a command. */
export type Option =
  | { type: 'boolean'; about: string }
  | {
      type: 'string';
      /** What stands for its value in the help: `TEXT`. */
      value: string;
      about: string;
      required?: true;
      /** May be given several times; its value is a list then. */
      many?: true;
      /** Checks and reads the value; the text as it stands unless told. */
      is?: z.ZodType;
    };

/** What an option comes to. */
type Value<O extends Option> = O extends { type: 'boolean' }
  ? boolean
  : O extends { many: true }
    ? string[]
    : O extends { is: z.ZodType<infer T> }
      ? O extends { required: true }
        ? T
        : T | undefined
      : O extends { required: true }
        ? string
        : string | undefined;

type Options = Readonly<Record<string, Option>>;

/** What a command works with. */
export interface Call<A extends readonly Argument[] = readonly Argument[], O extends Options = Options> {
  args: { [K in A[number] as K['name']]: K extends { optional: true } ? string | undefined : string };
  options: { [K in keyof O]: Value<O[K]> };
  out: Out;
  /** Which installation, as whom and where, as far as the command line says. */
  asked: ConnectionOptions & { prefix: string };
  /** Connects to the installation. @throws {CliFailure} where there is no region or no usable profile */
  desk: () => Promise<Desk>;
  /** Aborts on Ctrl-C and its like. A command that does not look at it is ended. */
  signal: AbortSignal;
}

interface Declared<A extends readonly Argument[], O extends Options> {
  /** As it is typed: `incidents list`. */
  name: string;
  /** What it does, in a few words. */
  summary: string;
  /** What else there is to know, a paragraph each. */
  about?: readonly string[];
  arguments?: A;
  options?: O;
  examples: readonly { command: string; about: string }[];
  /** Exit codes besides those that every command has, and what they mean here. */
  exits?: Partial<Record<ExitKind, string>>;
  /** Ends by itself on Ctrl-C, and cleans up. */
  interruptible?: true;
  /** @returns how it exits; success unless told */
  run: (call: Call<A, O>) => Promise<ExitKind | undefined>;
}

/** One command of the desk. The line parser, the help and docs/cli.md are made from it. */
export type Command = Omit<Declared<readonly Argument[], Options>, 'run'> & {
  run: (call: AnyCall) => Promise<ExitKind | undefined>;
};

/** A call of any command: its arguments and options as they were read. */
export type AnyCall = Omit<Call, 'args' | 'options'> & {
  args: Record<string, string | undefined>;
  options: Record<string, unknown>;
};

/** Declares a command. Its file's name is its name with a hyphen: `incidents-list.ts`. */
export const command = <const A extends readonly Argument[], const O extends Options>(
  declared: Declared<A, O>,
): Command => declared as unknown as Command;
