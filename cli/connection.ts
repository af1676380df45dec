import { STSClient } from '@aws-sdk/client-sts';
import { CliFailure } from './failure.ts';

/** What the AWS CLI's options say. */
export interface ConnectionOptions {
  profile?: string;
  region?: string;
}

/** As whom, and where: what a client is made with. Credentials come from the SDK's own chain. */
export interface Connection {
  region: string;
  profile?: string;
  /** Where the SDK says what it would otherwise write to the terminal. */
  logger?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'>;
}

/** --profile wins over keys in the environment, as in the AWS CLI. The SDK does so, too, and would warn of it each time. */
const quiet: NonNullable<Connection['logger']> = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Finds the region as the AWS CLI does: the option, AWS_REGION, AWS_DEFAULT_REGION, the profile's own.
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 * @throws {CliFailure} of kind `setup` where there is none
 */
export async function connect({ profile, region }: ConnectionOptions, env = process.env): Promise<Connection> {
  const named = profile ? { profile, logger: quiet } : {};
  const found = region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined) ?? (await regionOfProfile(named));
  if (!found) {
    const whose = profile ?? env.AWS_PROFILE;
    throw new CliFailure(
      'setup',
      `No region: give --region, set AWS_REGION, or give ${whose ? `the profile ${whose}` : 'your profile'} one in ~/.aws/config.`,
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(found)) {
    throw new CliFailure('usage', `"${found}" is no region: regions are written as us-east-1 is.`);
  }
  return { region: found, ...named };
}

async function regionOfProfile(named: { profile?: string }): Promise<string | undefined> {
  const sts = new STSClient(named);
  try {
    return await sts.config.region();
  } catch {
    return undefined;
  } finally {
    sts.destroy();
  }
}
