import { describe, expect, it } from 'vitest';
import { denial, explain } from '../../cli/explain.ts';
import { CliFailure } from '../../cli/failure.ts';

const ANALYST = 'arn:aws:iam::111122223333:user/analyst';
const named = (name: string, message = name): Error => Object.assign(new Error(message), { name });
const here = { prefix: 'cordon', region: 'us-east-1' };

describe('a denial', () => {
  it.each([
    ['dynamodb:Query', 'arn:aws:dynamodb:us-east-1:111122223333:table/cordon-ledger/index/by-time', 'cordon-reader'],
    ['execute-api:Invoke', 'arn:aws:execute-api:us-east-1:111122223333:abc/$default/POST/answers', 'cordon-approver'],
    ['iam:GetAccountAuthorizationDetails', '*', 'cordon-reader'],
    ['states:DescribeStateMachine', 'stateMachine cordon-review', 'cordon-reader'],
  ])('of %s names it, its resource and the policy that allows it', (action, resource, policy) => {
    const said = denial(
      `User: ${ANALYST} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
      'cordon',
    );

    expect(said).toContain(`${ANALYST} may not ${action} on ${resource.split(' ')[0]}`);
    expect(said).toContain(`The managed policy ${policy} allows it.`);
  });

  it('of what no analyst may do names no policy', () => {
    expect(denial(`User: ${ANALYST} is not authorized to perform: iam:CreateUser on resource: x`, 'cordon')).toBe(
      `${ANALYST} may not iam:CreateUser on x. Ask for that permission.`,
    );
  });

  it('by an explicit deny says that allowing does not help', () => {
    const why = 'with an explicit deny in an identity-based policy';
    expect(
      denial(`User: ${ANALYST} is not authorized to perform: dynamodb:Query on resource: x ${why}`, 'cordon'),
    ).toMatch(/denies it outright/);
  });

  it('that reads otherwise is told as it stands, with nothing invisible in it', () => {
    expect(denial('Access\u202e Denied', 'cordon')).toBe('AWS refused it: Access\\u202e Denied');
  });
});

describe('an error of AWS', () => {
  it.each([
    [named('CredentialsProviderError'), here, /No AWS credentials were found\. Give --profile/, 4],
    [named('CredentialsProviderError'), { ...here, profile: 'soc' }, /The profile soc gives no credentials/, 4],
    [named('TokenProviderError', 'Token is expired'), { ...here, profile: 'soc' }, /aws sso login --profile soc/, 4],
    [named('ExpiredTokenException'), { ...here, profile: 'soc' }, /Sign in again: aws sso login --profile soc/, 4],
    [
      named('ExpiredToken'),
      here,
      /session of these credentials is over \(ExpiredToken\)\. Sign in again, or assume/,
      4,
    ],
    [named('UnrecognizedClientException'), here, /does not take these credentials .* wrong or deactivated/, 4],
    [named('AccessDeniedException', 'no'), here, /AWS refused it: no/, 4],
    [named('Error', 'connect ECONNREFUSED 127.0.0.1:1'), here, /could not be reached/, 4],
    [
      named('NotInLedger', 'There is no incident x.'),
      here,
      /There is no incident x\. See: npx cordon incidents list/,
      1,
    ],
    [named('ThrottlingException', 'Rate exceeded'), here, /^Rate exceeded$/, 1],
  ])('%s says what to do', async (error, where, words, code) => {
    const failure = await explain(error, where);

    expect(failure.message).toMatch(words);
    expect(failure.exitCode).toBe(code);
    expect(failure.cause).toBe(error);
  });

  it('that is explained already stays as it is', async () => {
    const failure = new CliFailure('settled', 'settled already');
    expect(await explain(failure, here)).toBe(failure);
    expect(failure.exitCode).toBe(6);
  });
});
