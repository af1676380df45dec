import { CreateAccessKeyCommand, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { givenAccess } from './given-access.ts';

/** An IAM user makes an access key for another user. */
export default givenAccess({
  detection: 'access-key-made',
  title: 'An IAM user makes an access key for another user',
  expected: { outcome: 'contained', severity: 'HIGH' },
  plan: 'the first makes an access key for the other, once; nobody keeps it',
  actions: ['iam:CreateAccessKey'],
  give: async (iam, UserName) => {
    const { AccessKey: made } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return `the access key ${made?.AccessKeyId}`;
  },
  prove: async (administrator, UserName) => {
    const { AccessKeyMetadata: keys = [] } = await administrator.send(new ListAccessKeysCommand({ UserName }));
    const seen = keys.map(({ Status }) => Status).join(', ');
    return [{ what: 'the key that was made is inactive', holds: seen === 'Inactive', seen }];
  },
});
