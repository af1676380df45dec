/**
 * Where a playbook's runbook is: the command that shows it, and its page where the deployment has an address for them.
 * @param runbooks the address of the folder, without a slash at the end
 */
export const runbookPlaces = (playbook: string, runbooks?: string): string[] => [
  `npx cordon runbook ${playbook}`,
  ...(runbooks ? [`${runbooks}/${playbook}.md`] : []),
];

/** The same in the head of a mail. */
export const runbookLines = (playbook: string, runbooks?: string): string[] =>
  runbookPlaces(playbook, runbooks).map((place, index) => `${index === 0 ? 'Runbook ' : '        '}  ${place}`);
