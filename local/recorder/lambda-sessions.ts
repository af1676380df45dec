import { createHash } from 'node:crypto';
import { type LambdaClient, paginateListFunctions, paginateListVersionsByFunction } from '@aws-sdk/client-lambda';

/** The session in which a function's code runs. */
export interface LambdaSession {
  functionArn: string;
  functionName: string;
  roleArn: string;
}

/**
 * The key id of the role session that the emulator (ministack 1.5) gives to a function: it makes one up from the function's and the
 * role's ARNs and hands it out without a call to STS, so that nobody could see it being issued. This is the only place that knows.
 */
export function executionKeyId(functionArn: string, roleArn: string): string {
  return `ASIA${createHash('sha256').update(`${functionArn}:${roleArn}`).digest('hex').slice(0, 16).toUpperCase()}`;
}

/**
 * Finds the function whose session uses a key id, among the functions and, when none of them fits, their published versions.
 * @returns undefined when the key belongs to no function
 */
export async function findLambdaSession(client: LambdaClient, accessKeyId: string): Promise<LambdaSession | undefined> {
  const names: string[] = [];
  for await (const page of paginateListFunctions({ client }, {})) {
    for (const configuration of page.Functions ?? []) {
      const session = sessionOf(configuration, accessKeyId);
      if (session) return session;
      if (configuration.FunctionName) names.push(configuration.FunctionName);
    }
  }
  for (const FunctionName of names) {
    for await (const page of paginateListVersionsByFunction({ client }, { FunctionName })) {
      for (const version of page.Versions ?? []) {
        const session = sessionOf(version, accessKeyId);
        if (session) return session;
      }
    }
  }
  return undefined;
}

function sessionOf(
  {
    FunctionArn,
    FunctionName,
    Role,
  }: { FunctionArn?: string | undefined; FunctionName?: string | undefined; Role?: string | undefined },
  accessKeyId: string,
): LambdaSession | undefined {
  if (FunctionArn === undefined || FunctionName === undefined || Role === undefined) return undefined;
  return executionKeyId(FunctionArn, Role) === accessKeyId
    ? { functionArn: FunctionArn, functionName: FunctionName, roleArn: Role }
    : undefined;
}
