import type { Installation } from './installation.ts';

/** One thing that was looked at. */
export interface Finding {
  /** `ok`; `todo`: something is to be done; `info`: worth knowing. */
  state: 'ok' | 'todo' | 'info';
  /** What is the case, a sentence. */
  says: string;
  /** What to do, a command or a sentence each. */
  todo?: string[];
  /** What of cordon's own it is that is not as it was deployed, where that is so. */
  part?: ChangedPart;
}

/** A part of an installation that somebody has changed. */
export interface ChangedPart {
  /** What it is, in a word or two: `alarm`, `metric filter`. */
  kind: string;
  /** Its name, as calls name it. */
  name: string;
  /** The service whose calls change it, as records name it: `monitoring`. */
  service: string;
  /** The action that puts it back, with its target; none where nothing can. */
  restore?: { action: string; target: unknown };
}

/** A check of a live installation. It only reads. */
export interface Check {
  /** One word: `alarms`. */
  id: string;
  run: (installation: Installation, now: Date) => Promise<Finding[]>;
}

/** Nothing to do. */
export const ok = (says: string): Finding => ({ state: 'ok', says });
/** Something to do. */
export const todo = (says: string, ...todos: string[]): Finding => ({ state: 'todo', says, todo: todos });
/** Something is not as it was deployed. */
export const changed = (part: ChangedPart, says: string, ...todos: string[]): Finding => ({
  ...todo(says, ...todos),
  part,
});
/** Worth knowing. */
export const info = (says: string): Finding => ({ state: 'info', says });

/** Where it stands how something was deployed. Deploying the same again mends nothing: CloudFormation sees no change. */
export const asDeployed = ({ reader: { prefix } }: Installation): string =>
  `How it was deployed: aws cloudformation get-template --stack-name ${prefix} --query TemplateBody`;

/** All that is wrong, or one line that nothing is. */
export const orAllOk = (wrong: Finding[], says: string): Finding[] => (wrong.length > 0 ? wrong : [ok(says)]);
