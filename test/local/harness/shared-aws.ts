import type { AccessKey, AccountAddress } from '../../../local/account.ts';
import type { Deployment } from '../../../local/deploy.ts';

/** What a test file is told of the local AWS that runs for all of them. */
export interface SharedAws extends AccountAddress {
  root: AccessKey;
  rootPassword: string;
  soc: AccessKey;
  accountAdministrator: AccessKey;
  deployment: Deployment;
  /** Address past the recorder: for what was there before the trail was. */
  unrecorded: string;
  /** Address of what AWS's APIs cannot tell; see control.ts. */
  control: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    localAws: SharedAws;
  }
}
