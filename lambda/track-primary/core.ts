import type { PrimaryRecord } from '../records/primary-record';
import { decideInstance } from './decide-instance';
import { decidePair } from './decide-pair';
import type { Hint, Observation } from './observation';
import { iso } from './record-states';

export { FAILOVER_SETTLES_AFTER, HINT_IS_OLD_AFTER, REBOOT_SETTLES_AFTER } from './decide-instance';
export type { Hint, Observation } from './observation';
export { UNWATCHED_AFTER } from './record-states';

/**
 * The decision of the primary tracker, pure: (record, observation, hint, now) -> record.
 *
 * - A new **epoch** begins when the source names another member, and for no other reason. So one failover is one epoch.
 * - Everything else that speaks of a failover makes the state `failing-over`, and changes nothing of the epoch.
 * - What cannot be observed changes nothing, and neither does what was observed before.
 *
 * What counts as the source's word is the business of each kind of source: decide-instance.ts, decide-pair.ts.
 */
export interface Decision {
  readonly record: PrimaryRecord | undefined;
  /** Whether anything but `observedAt` is new. */
  readonly changed: boolean;
}

export function decide(
  databaseId: string,
  record: PrimaryRecord | undefined,
  observation: Observation,
  hint: Hint | undefined,
  now: number,
): Decision {
  if (observation.kind === 'unknown') return { record, changed: false };
  if (record && isStale(record, observation, now)) return { record, changed: false };

  const observed = record && { ...record, observedAt: iso(observation.at) };
  const next =
    observation.kind === 'pair'
      ? decidePair(databaseId, observed, observation, now)
      : decideInstance(databaseId, observed, record?.observedAt, observation, hint, now);
  return { record: next, changed: next !== undefined && !sameRecord(record, next) };
}

/**
 * An observation begun before the one that the record tells of. A record of the future says that a clock is wrong, not that the
 * observation is old; the conditional write keeps the order then, or the tracker would be blind until that time has come.
 */
function isStale(record: PrimaryRecord, observation: Observation, now: number): boolean {
  const recorded = Date.parse(record.observedAt);
  return observation.at < recorded && recorded <= now;
}

/** The same but for `observedAt`. */
function sameRecord(before: PrimaryRecord | undefined, after: PrimaryRecord): boolean {
  if (before === undefined) return false;
  const isSame = (name: string) =>
    name === 'observedAt' || sameValue(before[name as keyof PrimaryRecord], after[name as keyof PrimaryRecord]);
  return Object.keys(before).every(isSame) && Object.keys(after).every((name) => name in before || isSame(name));
}

function sameValue(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}
