import * as v from 'valibot';
import { problemsOf } from '../door/parse';
import { remoteSchema } from '../records/remote';
import type { Registration } from './registration';

/** An Auto Scaling group, as much of it as decides. */
export interface ScalingGroup {
  readonly name: string;
  readonly instances: readonly { readonly id: string; readonly lifecycleState: string }[];
}

/** The registry's item as it was read; nothing of it has been checked. */
export type Item = Readonly<Record<string, unknown>>;

/** Who asks. */
export type Door =
  | {
      readonly kind: 'create' | 'update';
      /** The custom resource; of several that registered a remote, the last one removes it. */
      readonly registeredBy: string;
    }
  /** An event, or the hourly look: it waits for nobody, and of an item that is there it changes nothing but the hosts. */
  | { readonly kind: 'hosts-changed' };

/** What is to be written if the item still is as it was read. */
export interface Change {
  readonly set: Readonly<Record<string, unknown>>;
  readonly remove: readonly string[];
}

/** `missing` says what the groups lack, if anything. */
export type Decision =
  | { readonly kind: 'write'; readonly change: Change; readonly missing?: string }
  | { readonly kind: 'keep'; readonly missing?: string }
  | { readonly kind: 'wait'; readonly missing: string }
  | { readonly kind: 'fail'; readonly missing: string };

/** Amazon EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance lifecycle": every other state is on the way in or out. */
const IN_SERVICE = 'InService';

/**
 * What becomes of a remote's item, given what its groups hold. Pure.
 * @param final whether no time is left to wait
 */
export function decide(
  item: Item | undefined,
  registration: Registration,
  groups: readonly ScalingGroup[],
  door: Door,
  final: boolean,
): Decision {
  const { hosts, missing } = hostsOf(registration, groups);
  if (missing !== undefined && door.kind !== 'hosts-changed') {
    if (!final) return { kind: 'wait', missing };
    // Only what makes a remote promises all of its hosts: an update, and its rollback, must not fail because one is being replaced.
    if (!item || door.kind === 'create') return { kind: 'fail', missing };
  }
  // Without any host the old ones stay: a remote must have one, and these may be the ones that come back.
  const present = v.is(remoteSchema.entries.hosts, hosts) ? hosts : undefined;
  if (!item && !present) return { kind: 'keep', missing };
  const change = changeOf(item, registration, present, door);
  const changes = Object.keys(change.set).length > 0 || change.remove.length > 0;
  return changes ? { kind: 'write', change, missing } : { kind: 'keep', missing };
}

/** The instances in service, in the order of the groups; within one by their ids, so that the same ones make the same list. */
function hostsOf(
  { autoScalingGroups }: Registration,
  groups: readonly ScalingGroup[],
): { readonly hosts: string[]; readonly missing: string | undefined } {
  const problems: string[] = [];
  const hosts = autoScalingGroups.flatMap((name) => {
    const group = groups.find((it) => it.name === name);
    if (!group) problems.push(`there is no group ${name}`);
    const inService = (group?.instances ?? []).filter(({ lifecycleState }) => lifecycleState === IN_SERVICE);
    if (group && inService.length === 0) problems.push(`${name} has no instance in service`);
    return inService.map(({ id }) => id).sort();
  });
  if (problems.length === 0) {
    const { issues } = v.safeParse(remoteSchema.entries.hosts, hosts);
    if (issues) problems.push(`${hosts.join(', ')} cannot be the hosts of a remote: ${problemsOf(issues, 'they')}`);
  }
  return { hosts, missing: problems.length > 0 ? `autoScalingGroups: ${problems.join('; ')}` : undefined };
}

function changeOf(item: Item | undefined, { profile }: Registration, hosts: string[] | undefined, door: Door): Change {
  const wanted = {
    ...(hosts && { hosts }),
    ...(door.kind === 'hosts-changed' ? !item && { profile } : { profile, registeredBy: door.registeredBy }),
    // It would be commanded alone, and in vain.
    ...(hosts && !hosts.includes(String(item?.primaryHost)) && { primaryHost: undefined }),
  };
  const changed = Object.entries(wanted).filter(([name, value]) => !isSame(item?.[name], value));
  return {
    set: Object.fromEntries(changed.filter(([, value]) => value !== undefined)),
    remove: changed.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
