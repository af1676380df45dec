/**
 * The techniques of MITRE ATT&CK that detections name, with their names and tactics as of v18, which the links keep to:
 * later versions move techniques between tactics and give some of them other numbers.
 * https://attack.mitre.org/versions/v18/matrices/enterprise/cloud/iaas/
 */
export const techniques = {
  'T1021.004': { name: 'Remote Services: SSH', tactics: ['Lateral Movement'] },
  T1046: { name: 'Network Service Discovery', tactics: ['Discovery'] },
  T1048: { name: 'Exfiltration Over Alternative Protocol', tactics: ['Exfiltration'] },
  T1071: { name: 'Application Layer Protocol', tactics: ['Command and Control'] },
  T1110: { name: 'Brute Force', tactics: ['Credential Access'] },
  T1133: { name: 'External Remote Services', tactics: ['Persistence', 'Initial Access'] },
  T1485: { name: 'Data Destruction', tactics: ['Impact'] },
  T1496: { name: 'Resource Hijacking', tactics: ['Impact'] },
  T1580: { name: 'Cloud Infrastructure Discovery', tactics: ['Discovery'] },
  T1666: { name: 'Modify Cloud Resource Hierarchy', tactics: ['Defense Evasion'] },
  T1530: { name: 'Data from Cloud Storage', tactics: ['Collection'] },
  'T1078.004': {
    name: 'Valid Accounts: Cloud Accounts',
    tactics: ['Defense Evasion', 'Persistence', 'Privilege Escalation', 'Initial Access'],
  },
  'T1098.001': {
    name: 'Account Manipulation: Additional Cloud Credentials',
    tactics: ['Persistence', 'Privilege Escalation'],
  },
  'T1098.003': {
    name: 'Account Manipulation: Additional Cloud Roles',
    tactics: ['Persistence', 'Privilege Escalation'],
  },
  'T1552.005': {
    name: 'Unsecured Credentials: Cloud Instance Metadata API',
    tactics: ['Credential Access'],
  },
  'T1556.006': {
    name: 'Modify Authentication Process: Multi-Factor Authentication',
    tactics: ['Credential Access', 'Defense Evasion', 'Persistence'],
  },
  'T1562.001': { name: 'Impair Defenses: Disable or Modify Tools', tactics: ['Defense Evasion'] },
  'T1562.007': { name: 'Impair Defenses: Disable or Modify Cloud Firewall', tactics: ['Defense Evasion'] },
  'T1562.008': { name: 'Impair Defenses: Disable or Modify Cloud Logs', tactics: ['Defense Evasion'] },
} as const satisfies Record<string, { name: string; tactics: readonly string[] }>;

/** The id of a technique or sub-technique: `T1562.008`. */
export type TechniqueId = keyof typeof techniques;

/** The technique's page in the version that its name is from. */
export const techniqueUrl = (id: TechniqueId): string =>
  `https://attack.mitre.org/versions/v18/techniques/${id.replace('.', '/')}/`;
