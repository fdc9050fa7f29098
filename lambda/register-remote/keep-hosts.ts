import { isThrottle } from '../records/throttle';
import { type Door, decide } from './core';
import { type Attempt, patiently } from './patience';
import type { Ports } from './ports';
import { physicalIdOf, type Registration } from './registration';

/** Another writer is done with one write; so is the SDK's first attempt whose answer was lost. */
const AT_ONCE = 3;

/** It failed before anything could have been written. */
export class NothingWritten extends Error {
  constructor(cause: unknown) {
    super(wordError(cause), { cause });
  }
}

/**
 * Makes the registry's item of a remote name the present instances of its groups. The item is read before the groups are asked and is
 * written only as it was read, so of two invocations at once the one that saw older hosts does not win.
 */
export async function keepHosts(ports: Ports, registration: Registration, door: Door): Promise<void> {
  const remote = physicalIdOf(registration);
  let mayBeWritten = false;
  const attempt = async (final: boolean): Promise<Attempt> => {
    for (let tries = 0; tries < AT_ONCE; tries++) {
      const item = await ports.registry.read(registration);
      const groups = await ports.groups.describe(registration.autoScalingGroups);
      const decision = decide(item, registration, groups, door, final);
      if (decision.kind === 'wait') return { trouble: decision.missing };
      if (decision.kind === 'fail') throw new Error(decision.missing);
      if (decision.missing !== undefined) ports.told('the groups of a remote lack hosts', { remote, ...decision });
      if (decision.kind === 'keep') return 'done';
      mayBeWritten = true;
      if (await ports.registry.write(registration, item, decision.change)) {
        ports.told('a remote is registered', { remote, ...decision.change });
        return 'done';
      }
    }
    return { trouble: `the registry's item of ${remote} was changed by somebody else each time` };
  };
  // Of a role that was just made, IAM may not know yet what it may do. Events are sent again by Lambda, and by the hour.
  const hopeful = (error: unknown) => door.kind !== 'hosts-changed' || isThrottle(error);
  try {
    await patiently(ports, attempt, hopeful);
  } catch (error) {
    throw mayBeWritten ? error : new NothingWritten(error);
  }
}

/** An error of a service says what it is by its name. */
export function wordError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}
