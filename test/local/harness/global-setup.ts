import type { TestProject } from 'vitest/node';
import { startLocalAws } from '../../../local/local-aws.ts';
import { startControl } from './control.ts';
import type { SharedAws } from './shared-aws.ts';

/** Starts the one local AWS that all test files of the project `local` share, with the product deployed. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const aws = await startLocalAws({ waitScale: 0.05, returnSpeed: 10 });
  if (!aws.deployment) throw new Error('The local AWS started without the product.');
  const control = await startControl(() => aws.settled());
  void aws.ended.then((failure) => failure && console.error(failure.message));
  const { endpoint, account, region, root, rootPassword, soc, accountAdministrator, deployment } = aws;
  const shared: SharedAws = {
    ...{ endpoint, account, region, root, rootPassword, soc, accountAdministrator, deployment },
    unrecorded: aws.emulator.url.origin,
    control: control.url,
  };
  project.provide('localAws', shared);
  return async () => {
    await control.close();
    await aws.close();
  };
}
