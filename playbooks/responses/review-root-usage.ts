import { byRoot, givenBesides, takeBackByHand, usersMade } from '../given-access.ts';
import type { Incident, ManualStep } from '../incident.ts';
import { clock, line } from '../report/words.ts';
import { type Contain, response } from '../response.ts';

/** Only from the organization's management account is root held at all. */
const fromManagementAccount: Pick<Contain, 'mode' | 'decided'> = {
  mode: (_incident, _actorKey, { organizationRole }) => (organizationRole ? 'approve' : undefined),
  decided: {
    words: 'proposed where the deployment has a role in the organization’s management account',
    setting: 'organizationRole',
  },
};

const thisAccount = ({ account }: Incident) => [{ account }];

/** Root itself is held: by a policy of the organization, or since nothing is left that it could sign in with. */
const isHeld = ({ actions }: Incident): boolean =>
  actions.some(
    ({ action, status }) => ['deny-root-by-scp', 'delete-root-credentials'].includes(action) && status === 'verified',
  );

function credentialLines({ findings }: Incident): string[] {
  const found = findings['root-credentials'];
  if (!found) return [];
  return [
    ...(found.accessKeys === undefined
      ? []
      : [found.accessKeys ? 'ROOT HAS ACCESS KEYS: delete them' : 'root has no access keys']),
    ...(found.mfa === undefined ? [] : [found.mfa ? 'root has MFA' : 'ROOT HAS NO MFA']),
  ];
}

function credentialSteps({ findings }: Incident): ManualStep[] {
  const found = findings['root-credentials'];
  return [
    ...(found?.accessKeys
      ? [
          {
            what: 'Root has access keys, which it should never have: sign in as root and delete them.',
            commands: ['aws iam list-access-keys', 'aws iam delete-access-key --access-key-id KEY_ID'],
          },
        ]
      : []),
    ...(found?.mfa === false ? [{ what: 'Root has no MFA device: sign in as root and add one.' }] : []),
  ];
}

export default response({
  title: 'Review the use of the root user',
  restore: [],
  investigate: ['actor', 'root-activity', 'root-credentials'],
  // No identity policy or boundary applies to root: nothing inside the account can contain it. What it made there can be
  // contained, once a person has said that it was no break-glass use.
  contain: [
    { action: 'deny-root-by-scp', who: 'root', ...fromManagementAccount, targets: thisAccount, attempts: true },
    {
      action: 'delete-root-credentials',
      who: 'root',
      ...fromManagementAccount,
      targets: thisAccount,
      attempts: true,
      // Nothing brings the credentials back.
      twoPersons: true,
    },
    { action: 'disable-iam-user', who: 'root', mode: 'approve', targets: (incident) => usersMade(incident, byRoot) },
    {
      action: 'deactivate-access-key',
      who: 'root',
      mode: 'approve',
      targets: (incident) => givenBesides(incident, byRoot).keys,
    },
    {
      action: 'take-back-policy',
      who: 'root',
      mode: 'approve',
      targets: (incident) => givenBesides(incident, byRoot).policies,
    },
  ],
  unresolved: (incident) =>
    isHeld(incident) || incident.events.every(({ verdict }) => verdict === 'benign')
      ? []
      : ['nothing inside the account can contain this principal'],
  byHand: (incident) => [
    { what: 'Find out whether this was a known break-glass use: ask who holds the root credentials.' },
    {
      what: 'If not: sign in as root and change its password, replace its MFA device, and delete its access keys.',
      commands: ['aws iam get-account-summary --query "SummaryMap.[AccountAccessKeysPresent,AccountMFAEnabled]"'],
    },
    ...credentialSteps(incident),
    ...takeBackByHand(incident),
    { what: 'Look at what else root created or changed (listed above), and take back what should not be there.' },
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
    { heading: 'What root signs in with', lines: credentialLines(incident) },
  ],
  subject: () => 'root',
});
