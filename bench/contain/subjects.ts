import type { Stage } from '../../simulate/attack.ts';
import type { BareAction } from './bare-calls.ts';

/** What is measured of a playbook, besides its times. */
export interface Subject {
  /** The detection whose playbook it is, and whose attack is played. */
  detection: string;
  /** The action that is measured against calls by hand; none where the playbook contains nothing. */
  action?: { id: string; byHand: readonly BareAction[] };
  /** What the bare calls are aimed at after the attack was carried out on this stage: a trail, a bucket, a user. */
  target: (stage: Stage) => string;
  /** The attack is on a trail: incidents at once need one each. */
  trails?: true;
}

/** The playbooks, in the order in which they are measured. */
export const subjects: readonly Subject[] = [
  {
    detection: 'trail-tampering',
    action: { id: 'start-logging', byHand: ['start-logging'] },
    target: ({ trail = 'cordon' }) => trail,
    trails: true,
  },
  {
    detection: 's3-public-exposure',
    action: {
      id: 'block-public-access',
      byHand: ['block-public-access', 'block-public-access, nothing read but the block'],
    },
    target: ({ mark }) => `payroll-${mark}`,
  },
  {
    detection: 'failed-console-logins',
    action: { id: 'disable-iam-user', byHand: ['disable-iam-user'] },
    target: ({ mark }) => `peggy-${mark}`,
  },
  { detection: 'root-usage', target: () => 'root' },
];
