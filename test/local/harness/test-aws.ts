import { inject } from 'vitest';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../../local/local-aws.ts';
import { assemblerAt } from './assembler.ts';
import { startControl } from './control.ts';
import { switchEventLane, switchWatchdogOff } from './event-lane.ts';
import type { SharedAws } from './shared-aws.ts';

/** A local AWS for tests, and its end. */
export interface TestAws {
  shared: SharedAws;
  /** All of it, for who started it. */
  local: LocalAws;
  close(): Promise<void>;
}

/**
 * Starts a local AWS with the product deployed, in which waits are short and alarms return quickly. Events of calls start no
 * playbook unless `eventLane` is set: where both lanes race, the alarms' alone would be shown by chance only. Nor does the
 * watchdog look by itself unless `watchdog` is set.
 */
export async function startTestAws({
  eventLane = false,
  watchdog = false,
  ...options
}: LocalAwsOptions & { eventLane?: boolean; watchdog?: boolean } = {}): Promise<TestAws> {
  // The global set-up brings its own: there is nothing to be told by yet.
  const assembler = options.assemble ? undefined : inject('assembler');
  const assemble = assembler === undefined ? {} : { assemble: assemblerAt(assembler) };
  const aws = await startLocalAws({ waitScale: 0.03, returnSpeed: 20, ...assemble, ...options });
  if (!aws.deployment) throw new Error('The local AWS started without the product.');
  const past = { ...aws, unrecorded: aws.emulator.url.origin };
  // The watchdog first: it would find that the rules are off, and put them back.
  if (!watchdog) await switchWatchdogOff(past);
  if (!eventLane) await switchEventLane(past, 'off');
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
