import { clock, line } from '../report/words.ts';
import { response } from '../response.ts';

export default response({
  title: 'Review the use of the root user',
  restore: [],
  investigate: ['actor', 'root-activity'],
  // No identity policy or boundary applies to root: nothing inside the account can contain it.
  contain: [],
  neverContained: true,
  byHand: () => [
    { what: 'Find out whether this was a known break-glass use: ask who holds the root credentials.' },
    {
      what: 'If not: sign in as root and change its password, replace its MFA device, and delete its access keys.',
      commands: ['aws iam get-account-summary --query "SummaryMap.[AccountAccessKeysPresent,AccountMFAEnabled]"'],
    },
    { what: 'Look at what root created or changed (listed above), and take back what should not be there.' },
    {
      what: 'In an organization, hold root with a service control policy from the management account, or delete its credentials there.',
    },
    { what: 'Check that the root e-mail address and phone number still belong to you; whoever owns them owns root.' },
  ],
  report: (incident) => [
    {
      heading: 'What root did',
      lines: (incident.findings['root-activity']?.uses ?? []).map((use) =>
        line(
          `${clock(use.time)} ${use.call}`,
          `from ${use.address}`,
          use.mfa === undefined ? undefined : use.mfa ? 'with MFA' : 'WITHOUT MFA',
          use.error ? `refused: ${use.error}` : use.changed,
        ),
      ),
    },
  ],
  subject: () => 'root',
});
