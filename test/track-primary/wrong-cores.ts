import type { PrimaryRecord } from '../../lambda/records/primary-record';
import { decide } from '../../lambda/track-primary/core';
import type { Decide } from './promises';

/** Cores that are wrong on purpose, each in a way that somebody might write; the properties must catch every one of them. */

/** Takes an event's word for it, as if the zone had already changed. */
const trustsEvents: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  if (hint?.meaning !== 'failover-completed' || !decision.record || decision.record.epoch !== record?.epoch)
    return decision;
  return { changed: true, record: { ...decision.record, epoch: decision.record.epoch + 1 } };
};

/** Counts a new address as a new primary: the address and the zone of one failover become two epochs. */
const countsAddresses: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const { record: next } = decision;
  if (!next || next.epoch !== record?.epoch || next.movedTo === undefined || record.movedTo !== undefined)
    return decision;
  return { changed: true, record: { ...next, epoch: next.epoch + 1, since: new Date(now).toISOString() } };
};

/** Believes an event whenever it arrives, however late and however often. */
const believesLateEvents: Decide = (databaseId, record, observation, hint, now) =>
  decide(databaseId, record, observation, hint && { ...hint, at: now }, now);

/** Takes a failover for over as soon as the status says so, though the API still names the old zone. */
const forgetsThePrimary: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  return record && decision.record && decision.record.epoch > record.epoch && record.state === 'failing-over'
    ? { changed: true, record: { ...decision.record, primary: record.primary } }
    : decision;
};

/** Takes no answer for "not there". */
const takesSilenceForAbsence: Decide = (databaseId, record, observation, hint, now) =>
  decide(databaseId, record, observation.kind === 'unknown' ? { kind: 'absent', at: now } : observation, hint, now);

/** Never comes back from a failover that changed nothing. */
const neverSettles: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const stays = record?.state === 'failing-over' && decision.record?.epoch === record.epoch;
  return stays
    ? { changed: false, record: { ...record, observedAt: new Date(now).toISOString() } as PrimaryRecord }
    : decision;
};

/** Looks at who is named and not at whether it serves. */
const ignoresTheStatus: Decide = (databaseId, record, observation, hint, now) =>
  decide(
    databaseId,
    record,
    observation.kind === 'seen' ? { ...observation, status: 'available' } : observation,
    hint,
    now,
  );

/** Knows a primary by its Availability Zone alone: a database that takes over the name in the same zone is not noticed. */
const ignoresTheDatabase: Decide = (databaseId, record, observation, hint, now) =>
  decide(
    databaseId,
    record,
    observation.kind === 'seen' && observation.member
      ? { ...observation, member: { ...observation.member, memberId: `db-1/${observation.member.availabilityZone}` } }
      : observation,
    hint,
    now,
  );

/** Takes a database that comes back from a reboot for another one. */
const countsReboots: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const { record: next } = decision;
  const back = record?.state === 'failing-over' && next?.state === 'stable' && next.epoch === record.epoch;
  return back
    ? { changed: true, record: { ...next, epoch: next.epoch + 1, since: new Date(now).toISOString() } }
    : decision;
};

/** Takes a cluster without a writer, between two of them, for one that is lost. */
const givesUpWithoutAName: Decide = (databaseId, record, observation, hint, now) =>
  decide(
    databaseId,
    record,
    observation.kind === 'seen' && !observation.member ? { ...observation, status: 'failed' } : observation,
    hint,
    now,
  );

export const WRONG_CORES: readonly (readonly [string, Decide])[] = [
  ['trusts the events', trustsEvents],
  ['counts addresses', countsAddresses],
  ['believes late events', believesLateEvents],
  ['forgets the new primary', forgetsThePrimary],
  ['takes silence for absence', takesSilenceForAbsence],
  ['never settles', neverSettles],
  ['ignores the status', ignoresTheStatus],
  ['ignores the database', ignoresTheDatabase],
  ['counts reboots', countsReboots],
  ['gives up without a name', givesUpWithoutAName],
];
