import * as v from 'valibot';
import { hostId, moment, remoteName } from './names';
import { outcomeSchema } from './sync-outcome';
import { profileName } from './sync-run';

/** A pair has two; more are for a remote that moves. UNSOURCED. */
export const MOST_HOSTS = 4;

/** A remote in the registry: what its owner wrote, and what became of its syncs. */
export const remoteSchema = v.object({
  groupShard: v.string(),
  remoteName,
  hosts: v.pipe(
    v.array(hostId),
    v.minLength(1, 'must name a host'),
    v.maxLength(MOST_HOSTS, `must name at most ${MOST_HOSTS} hosts`),
    v.check((hosts) => new Set(hosts).size === hosts.length, 'must not name a host twice'),
  ),
  /** @default - the host's own */
  profile: v.optional(profileName),
  /** The host that synchronized last. */
  primaryHost: v.optional(v.string()),
  paused: v.optional(v.boolean(), false),
  /** The custom resource that registered it; undefined for what its owner registered by hand. */
  registeredBy: v.optional(v.string()),
  lastAttemptAt: v.optional(moment),
  lastSuccessAt: v.optional(moment),
  lastOutcome: v.optional(outcomeSchema),
  lastOutcomeAt: v.optional(moment),
  lastRunId: v.optional(v.string()),
  lastDetail: v.optional(v.string()),
  consecutiveFailures: v.optional(v.number(), 0),
});

export type Remote = v.InferOutput<typeof remoteSchema>;
