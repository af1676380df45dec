import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../../local/local-aws.ts';
import { startControl } from './control.ts';
import type { SharedAws } from './shared-aws.ts';

/** A local AWS for tests, and its end. */
export interface TestAws {
  shared: SharedAws;
  /** All of it, for who started it. */
  local: LocalAws;
  close(): Promise<void>;
}

/** Starts a local AWS with the product deployed, in which waits are short and alarms return quickly. */
export async function startTestAws(options: LocalAwsOptions = {}): Promise<TestAws> {
  const aws = await startLocalAws({ waitScale: 0.03, returnSpeed: 20, ...options });
  if (!aws.deployment) throw new Error('The local AWS started without the product.');
  const control = await startControl(() => aws.settled());
  void aws.ended.then((failure) => failure && console.error(failure.message));
  const { endpoint, account, region, root, rootPassword, soc, accountAdministrator, deployment } = aws;
  return {
    local: aws,
    shared: {
      ...{ endpoint, account, region, root, rootPassword, soc, accountAdministrator, deployment },
      unrecorded: aws.emulator.url.origin,
      control: control.url,
    },
    close: async () => {
      await control.close();
      await aws.close();
    },
  };
}
