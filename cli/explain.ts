import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { policyWith } from '../handlers/answers/policies.ts';
import { isNoStack } from '../handlers/installation/installation.ts';
import { plain } from '../playbooks/report/words.ts';
import type { Connection } from './connection.ts';
import { CliFailure } from './failure.ts';

/** Where a command was at work. */
export interface Where extends Connection {
  prefix: string;
}

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const BAD_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'InvalidAccessKeyId',
]);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
const REFUSED = new Set(['AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'AuthorizationErrorException']);
const ABSENT = new Set(['ResourceNotFoundException', 'StateMachineDoesNotExist']);
/** As AWS writes it: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const DENIAL =
  /^User: (?<who>\S+) is not authorized to perform: (?<action>[\w-]+:\w+)(?: on resource: (?<resource>\S+))?(?<why>.*)$/s;

/** What an error of AWS means at the terminal, and what to do about it. */
export async function explain(error: unknown, where: Where): Promise<CliFailure> {
  if (error instanceof CliFailure) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const failure = (kind: 'setup' | 'failed', text: string) => new CliFailure(kind, text, { cause: error });
  if (NO_CREDENTIALS.has(name)) return failure('setup', withoutCredentials(message, where));
  if (EXPIRED.has(name)) {
    const again = profileOf(where) ? signInAgain(where) : 'Sign in again, or assume the role anew.';
    return failure('setup', `The session of these credentials is over (${name}). ${again}`);
  }
  if (BAD_CREDENTIALS.has(name)) {
    return failure('setup', `AWS does not take these credentials (${name}). ${signInAgain(where)}`);
  }
  if (REFUSED.has(name)) return failure('setup', denial(message, where.prefix));
  if (ABSENT.has(name) || isNoStack(name, message)) return failure('setup', await absent(where));
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/.test(`${message} ${name}`)) {
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const hint = endpoint ? `AWS_ENDPOINT_URL is ${endpoint}: is that right?` : 'Is there a way to the internet?';
    return failure('setup', `AWS could not be reached: ${message.split('\n')[0]} ${hint}`);
  }
  return failure('failed', name === 'NotInLedger' ? `${message} ${LOOK}` : plain(message || name));
}

const LOOK = 'See: npx cordon incidents list';

function withoutCredentials(message: string, { profile = process.env.AWS_PROFILE }: Connection): string {
  if (!profile) {
    return 'No AWS credentials were found. Give --profile, set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in with the AWS CLI: aws configure, or aws sso login';
  }
  if (/sso|token/i.test(message)) {
    return `The profile ${profile} has no valid sign-in (${message.split('\n')[0]}). Sign in: aws sso login --profile ${profile}`;
  }
  return `The profile ${profile} gives no credentials: is one of that name in ~/.aws/config or ~/.aws/credentials, and complete? See: aws configure list --profile ${profile}`;
}

const profileOf = ({ profile = process.env.AWS_PROFILE }: Connection): string | undefined => profile;

function signInAgain(where: Connection): string {
  const profile = profileOf(where);
  return profile ? `Sign in again: aws sso login --profile ${profile}` : 'They are wrong or deactivated.';
}

/** Names the permission that is missing, and who has it. */
export function denial(message: string, prefix: string): string {
  const { who, action, resource, why = '' } = DENIAL.exec(message)?.groups ?? {};
  if (!who || !action) return `AWS refused it: ${plain(message)}`;
  const what = `${plain(who)} may not ${action}${resource ? ` on ${plain(resource)}` : ''}.`;
  if (/explicit deny/.test(why)) return `${what} A policy denies it outright: allowing it elsewhere does not help.`;
  const policy = policyWith(action, prefix);
  return policy ? `${what} The managed policy ${policy} allows it.` : `${what} Ask for that permission.`;
}

/** The Regions that are on in every account. https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html */
const REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-central-1', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-north-1'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2'],
];

/** That there is no installation here, and in which Region there is one. */
async function absent({ prefix, region, profile }: Where): Promise<string> {
  const others = REGIONS.filter((one) => one !== region);
  const looks = await Promise.all(
    others.map(async (other) => ({ other, found: await hasStack(prefix, { region: other, profile }) })),
  );
  const where = looks.filter(({ found }) => found === true).map(({ other }) => other);
  const here = `There is no installation "${prefix}" in ${region} of this account.`;
  if (where.length > 0) return `${here} There is one in ${where.join(' and ')}: --region ${where[0]}`;
  const unknown = looks.filter(({ found }) => found === undefined).length;
  const looked =
    unknown === 0
      ? `Nor is there one in the ${others.length} other Regions that are on by default.`
      : 'Other Regions could not be looked at.';
  return `${here} ${looked} Give another --region or --prefix, or deploy it: npx cdk deploy --all`;
}

async function hasStack(prefix: string, connection: Connection): Promise<boolean | undefined> {
  const cloudFormation = new CloudFormationClient({ ...connection, maxAttempts: 1 });
  try {
    const abortSignal = AbortSignal.timeout(4_000);
    await cloudFormation.send(new DescribeStacksCommand({ StackName: prefix }), { abortSignal });
    return true;
  } catch (error) {
    const { name, message } = error as Error;
    return isNoStack(name, message) ? false : undefined;
  } finally {
    cloudFormation.destroy();
  }
}
