import type { Reference } from './detection.ts';

/** The techniques that detections name. https://stratus-red-team.cloud/attack-techniques/AWS/ */
type StratusTechnique =
  | 'aws.credential-access.ec2-steal-instance-credentials'
  | `aws.defense-evasion.${'cloudtrail-delete' | 'cloudtrail-event-selectors' | 'cloudtrail-lifecycle-rule' | 'cloudtrail-stop'}`
  | 'aws.defense-evasion.organizations-leave'
  | `aws.exfiltration.${'ec2-security-group-open-port-22-ingress' | 's3-backdoor-bucket-policy'}`
  | 'aws.initial-access.console-login-without-mfa'
  | `aws.persistence.${'iam-backdoor-role' | 'iam-backdoor-user' | 'iam-create-admin-user' | 'iam-create-backdoor-role'}`
  | 'aws.persistence.iam-create-user-login-profile'
  | 'aws.privilege-escalation.iam-update-user-login-profile';

/** Stratus Red Team plays an attack that the detection is for: its id there, as a reference. */
export const stratus = (id: StratusTechnique): Reference => ({
  name: `Stratus Red Team ${id}`,
  url: `https://stratus-red-team.cloud/attack-techniques/AWS/${id}/`,
});
