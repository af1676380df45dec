import { canaryCheck } from './canary.ts';
import type { Check } from './check.ts';
import { alarmCheck, filterCheck } from './filters-and-alarms.ts';
import { roleCheck } from './roles.ts';
import { busCheck, playbookCheck, ruleCheck } from './rules-and-playbooks.ts';
import { baselineCheck, trailCheck } from './trail.ts';
import { ledgerCheck, mailCheck, questionCheck, queueCheck, stackCheck } from './upkeep.ts';

/** Every check of `doctor`, in the order of an incident's way. */
export const checks: readonly Check[] = [
  stackCheck,
  trailCheck,
  filterCheck,
  alarmCheck,
  mailCheck,
  ruleCheck,
  playbookCheck,
  roleCheck,
  busCheck,
  ledgerCheck,
  baselineCheck,
  queueCheck,
  questionCheck,
  canaryCheck,
];
