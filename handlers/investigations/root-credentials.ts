import { GetAccountSummaryCommand, IAMClient } from '@aws-sdk/client-iam';
import type { RootCredentials } from '../../playbooks/findings.ts';
import { allow } from '../permissions.ts';
import type { Investigation } from './investigation.ts';

/** What root can sign in or sign with. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
export default {
  asks: 'What root can sign in or sign with',
  permissions: [allow(['iam:GetAccountSummary'], '*')],
  find: async (_incident, context) => {
    const { SummaryMap = {} } = await context.client(IAMClient).send(new GetAccountSummaryCommand({}));
    const { AccountAccessKeysPresent, AccountMFAEnabled } = SummaryMap;
    return {
      ...(AccountAccessKeysPresent === undefined ? {} : { accessKeys: AccountAccessKeysPresent > 0 }),
      ...(AccountMFAEnabled === undefined ? {} : { mfa: AccountMFAEnabled > 0 }),
    };
  },
} satisfies Investigation<RootCredentials>;
