import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AccessKey } from '../../../local/account.ts';
import { as, type Credentials, givenBy, type Stage } from '../../../simulate/attack.ts';

const document = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });

/** Makes a role that everybody in the account may assume who is let, and that may do `actions`. */
export async function makeRole(stage: Stage, RoleName: string, actions: string[]): Promise<void> {
  const iam = new IAMClient(as(stage, stage.administrator));
  const trusted = { AWS: `arn:aws:iam::${stage.account}:root` };
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({ Effect: 'Allow', Principal: trusted, Action: 'sts:AssumeRole' }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'work',
      PolicyDocument: document({ Effect: 'Allow', Action: actions, Resource: '*' }),
    }),
  );
}

/** The credentials of a role's session, assumed with a user's key. */
export async function assumeRole(stage: Stage, key: AccessKey, role: string, session: string): Promise<Credentials> {
  const RoleArn = `arn:aws:iam::${stage.account}:role/${role}`;
  const sts = new STSClient(as(stage, key));
  const { Credentials: made } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: session }));
  return givenBy(made);
}
