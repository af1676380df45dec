/** What a failure asks for: trying again, giving up, or a person. */
export type Disposition = 'retry' | 'fail' | 'ask-analyst';

/** The base of every error that cordon throws. Its `name` is what Step Functions sees as the error. */
export abstract class CordonError extends Error {
  /** What the failure asks for. */
  abstract readonly disposition: Disposition;
  abstract override readonly name: string;
}

/** Input that does not have the shape it must have: an event, a step's input, a ledger item, the environment. */
export class InvalidInput extends CordonError {
  readonly disposition = 'fail';
  override readonly name = 'InvalidInput';
}

/** The incident or action is not in the ledger. */
export class NotInLedger extends CordonError {
  readonly disposition = 'fail';
  override readonly name = 'NotInLedger';
}

/** What is to be contained or undone is not there, or not as it has to be for that. */
export class TargetUnfit extends CordonError {
  readonly disposition = 'ask-analyst';
  override readonly name = 'TargetUnfit';
}

/** Undo refuses: the resource was changed since, or there is nothing to undo. */
export class UndoRefused extends CordonError {
  readonly disposition = 'ask-analyst';
  override readonly name = 'UndoRefused';
}

/** An answer is refused: the question is settled, the caller is a party to the incident, or has answered it before. */
export class AnswerRefused extends CordonError {
  readonly disposition = 'ask-analyst';
  override readonly name = 'AnswerRefused';
  readonly because: 'settled' | 'party' | 'same-person';

  constructor(because: AnswerRefused['because'], message: string) {
    super(message);
    this.because = because;
  }
}

/** Somebody else has just moved the action on: what it was read as does not hold any more. */
export class Overtaken extends CordonError {
  readonly disposition = 'retry';
  override readonly name = 'Overtaken';
}

/** What was just made does not show yet: a service may take a moment to hear of it everywhere. */
export class NotThereYet extends CordonError {
  readonly disposition = 'retry';
  override readonly name = 'NotThereYet';
}

/** Errors that trying again cannot mend: Step Functions does not retry them. `UnknownUnit` is the catalog's. */
export const finalErrors = ['InvalidInput', 'NotInLedger', 'TargetUnfit', 'UndoRefused', 'UnknownUnit'] as const;

/** The name of an AWS error or any other thrown thing. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** Name and message of a thrown thing, on one line. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}`.replace(/\s+/g, ' ') : String(error);
