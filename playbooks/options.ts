import type { Mode } from './response.ts';

/** Whether an optional action is left out, proposed to an analyst, or done at once. */
export const choices = ['off', 'approve', 'auto'] as const;
export type Choice = (typeof choices)[number];

/** Whether something is done besides. */
export const switches = ['on', 'off'] as const;

/** How users are contained who signed in after failures. */
export const loginSuccesses = ['declared', 'approve', 'approve-then-auto', 'auto'] as const;

/** The bands of severity of GuardDuty's findings, as the setting names them. */
export const findingBands = ['low', 'medium', 'high', 'critical'] as const;
/** How far cordon goes by itself at most for a finding of each band. */
export type FindingModes = Readonly<Record<(typeof findingBands)[number], Mode>>;

/** What a deployment decides for the responses: the answers to questions that no playbook can settle for everybody. */
export interface Options {
  /**
   * How a user is contained who signed in after failures. `declared`: at once where no MFA was used, else an analyst
   * is asked. `approve-then-auto`: an analyst is asked, and where nobody answers in time it is done.
   */
  loginSuccess: (typeof loginSuccesses)[number];
  /** Denies users whose sign-ins failed all calls from the addresses that the failures came from. */
  denyAddresses: Choice;
  /** Makes users whose sign-ins failed choose a new password at their next one. */
  newPassword: Choice;
  /** Takes public statements and grants out of the policy and ACL of a bucket that was opened, besides blocking them. */
  removePublicAccess: Choice;
  /** Disables IAM users who gave others access: keys, passwords, rights. What they gave is taken back whatever this says. */
  disableGiver: Choice;
  /** How far cordon goes by itself for a finding of GuardDuty, by its severity. */
  findingModes: FindingModes;
  /** Takes a snapshot of every volume of an instance before it is isolated. */
  isolationSnapshots: (typeof switches)[number];
  /**
   * ARN of the role in the organization's management account that the actions against root assume. Without it they are
   * not offered: nothing inside an account holds its root.
   */
  organizationRole?: string | undefined;
}

/** What holds where a deployment says nothing. */
export const defaultOptions: Options = {
  loginSuccess: 'declared',
  denyAddresses: 'off',
  newPassword: 'off',
  removePublicAccess: 'approve',
  disableGiver: 'approve',
  findingModes: { low: 'monitor', medium: 'approve', high: 'auto', critical: 'auto' },
  isolationSnapshots: 'on',
};
