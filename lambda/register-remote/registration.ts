import * as v from 'valibot';
import { remoteName, shortName } from '../records/names';
import { MOST_HOSTS } from '../records/remote';
import { profileName } from '../records/sync-run';

const entries = {
  group: shortName,
  remoteName,
  autoScalingGroups: v.pipe(
    v.array(
      v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(255, 'must have at most 255 characters')),
    ),
    v.minLength(1, 'must name a group'),
    v.maxLength(MOST_HOSTS, `must name at most ${MOST_HOSTS} groups, since a remote has at most ${MOST_HOSTS} hosts`),
    v.check((groups) => new Set(groups).size === groups.length, 'must not name a group twice'),
  ),
  profile: v.optional(profileName),
};

export const registrationSchema = v.object(entries);

/** A remote whose hosts are the instances of Auto Scaling groups. */
export type Registration = v.InferOutput<typeof registrationSchema>;

export type RemoteId = Pick<Registration, 'group' | 'remoteName'>;

/** What EventBridge sends when a host has been started, and each hour. */
export const hostsChangedSchema = v.object({ kind: v.literal('hosts-changed'), ...entries });

/** The physical id of the custom resource. */
export function physicalIdOf({ group, remoteName: name }: RemoteId): string {
  return `${group}/${name}`;
}

/** Undefined for the id of a resource that was never registered. */
export function readPhysicalId(physicalId: string): RemoteId | undefined {
  const [group, name, ...more] = physicalId.split('/');
  const result = v.safeParse(v.object({ group: shortName, remoteName }), { group, remoteName: name });
  return result.success && more.length === 0 ? result.output : undefined;
}
