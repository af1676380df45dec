/** What is said of a pack. */
interface Pack {
  title: string;
  about: string;
  /** What switches it on, where the setting `packs` is not enough. */
  setting?: string;
}

/**
 * Detections that belong together and are deployed only where a deployment asks for them: `-c packs=cis,credentials`.
 * What belongs to no pack is always deployed.
 */
export const packs = {
  credentials: {
    title: 'Credentials and rights',
    about:
      'Access that somebody gives to others or keeps for himself: access keys and passwords for other users, administrator rights, trust in other accounts, MFA taken away, sign-ins without it. In an account whose people make users by hand this is everyday work, so it is switched on where it is not.',
  },
  cis: {
    title: 'Monitoring section of the CIS AWS Foundations Benchmark',
    about:
      'The fifteen metric filters and alarms that the benchmark and Security Hub (CloudWatch.1 to CloudWatch.14) ask for, with the exact patterns that they publish. The playbook says who did what and changes nothing.',
  },
  guardduty: {
    title: 'Findings of Amazon GuardDuty',
    about:
      'What GuardDuty finds, answered by one playbook. How far it goes by itself, the severity of the finding says: the setting findingModes. There are no alarms; a finding comes as an event, minutes after what it is about.',
  },
  flows: {
    title: 'VPC Flow Logs',
    about:
      'What the network interfaces of a VPC saw: scans from inside and outside, SSH and RDP from the internet, a large volume that goes out. It reads flow logs, so it takes the setting `flowLogs`: the ids of VPCs, or the name of a log group that has them already.',
    setting: 'flowLogs=VPC_ID',
  },
} as const satisfies Record<string, Pack>;

/** The id of a pack. */
export type PackId = keyof typeof packs;

/** The ids of all packs. */
export const packIds = Object.keys(packs) as [PackId, ...PackId[]];

/** What switches a pack on, as it is typed. */
export const packSetting = (id: PackId): string => {
  const pack: Pack = packs[id];
  return `-c ${pack.setting ?? `packs=${id}`}`;
};
