/** What ended a command: `usage` wrong arguments, `setup` no credentials, stack or permission, `failed` the rest. */
export type CliFailureKind = 'failed' | 'usage' | 'setup';

const EXIT_CODES: Record<CliFailureKind, number> = { failed: 1, usage: 2, setup: 3 };

/** A failure that the person at the terminal can do something about; its message says what is wrong and what to do. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: number;

  constructor(kind: CliFailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = EXIT_CODES[kind];
  }
}

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const BAD_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredToken',
  'ExpiredTokenException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
]);
const REFUSED = new Set(['AccessDenied', 'AccessDeniedException', 'AuthorizationError']);

/** What an error of AWS means at the terminal, in one line. */
export function explain(error: unknown, region: string): CliFailure {
  if (error instanceof CliFailure) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const cause = { cause: error };
  if (NO_CREDENTIALS.has(name)) {
    return new CliFailure(
      'setup',
      'No AWS credentials were found: set AWS_PROFILE, or sign in with the AWS CLI.',
      cause,
    );
  }
  if (BAD_CREDENTIALS.has(name)) {
    return new CliFailure('setup', `AWS does not take these credentials (${name}): sign in again.`, cause);
  }
  if (REFUSED.has(name)) return new CliFailure('setup', `AWS refused it: ${message}`, cause);
  if (name === 'ResourceNotFoundException' || name === 'StateMachineDoesNotExist') {
    return new CliFailure(
      'setup',
      `There is no cordon in ${region} of this account: choose another region with --region.`,
      cause,
    );
  }
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(message)) {
    return new CliFailure('setup', `AWS could not be reached: ${message}. Is AWS_ENDPOINT_URL right?`, cause);
  }
  return new CliFailure('failed', message || name, cause);
}
