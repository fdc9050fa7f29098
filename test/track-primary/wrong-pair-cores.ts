import { decide } from '../../lambda/track-primary/core';
import { loneClaim } from '../../lambda/track-primary/decide-pair';
import type { Observation, PairSeen, PartnerView, RoleReport } from '../../lambda/track-primary/observation';
import { readRoleAnswer } from '../../lambda/track-primary/role-line';
import type { Decide } from './promises';

/** Cores that are wrong on purpose, each in a way that somebody might write; the properties must catch every one of them. */

type Change = (pair: PairSeen) => PairSeen;

/** The right core, shown something else. */
function shown(change: Change): Decide {
  return (databaseId, record, observation, hint, now) =>
    decide(databaseId, record, observation.kind === 'pair' ? change(observation) : observation, hint, now);
}

function eachReport(change: (report: RoleReport) => RoleReport): Change {
  return (pair) => ({
    ...pair,
    partners: pair.partners.map((it) => ('unknown' in it.answer ? it : { ...it, answer: change(it.answer) })),
  });
}

const isSilent = ({ answer }: PartnerView) => 'unknown' in answer;

const takesSilenceForTheMirror = shown((pair) => ({
  ...pair,
  partners: pair.partners.map((it) =>
    isSilent(it)
      ? { ...it, answer: readRoleAnswer('x', { ...MIRROR_LINE, askedAt: pair.at, answeredAt: pair.at }) }
      : it,
  ),
}));
const MIRROR_LINE = {
  text: 'server=x;role=mirror;state=synchronized;partner=connected;arbiter=connected;mode=synchronous;clock=2026-01-05 09:00:00.123',
};

const doesNotAskForTheArbiter = shown(eachReport((report) => ({ ...report, arbiter: 'connected' })));

/** Of two claimants, the one that is new must be the primary. */
const picksOneOfTwo: Decide = (databaseId, record, observation, hint, now) => {
  if (observation.kind !== 'pair') return decide(databaseId, record, observation, hint, now);
  const claims = observation.partners.filter((it) => !isSilent(it) && (it.answer as RoleReport).role === 'primary');
  const partners = observation.partners.map((it) =>
    claims.length === 2 && it.member.memberId === record?.primary.memberId && !isSilent(it)
      ? { ...it, answer: { ...(it.answer as RoleReport), role: 'mirror' } }
      : it,
  );
  return decide(databaseId, record, { ...observation, partners }, hint, now);
};

const believesALoneClaimant: Decide = (databaseId, record, observation, hint, now) => {
  const lone = observation.kind === 'pair' ? loneClaim({ ...observation, candidate: undefined }) : undefined;
  const candidate = lone && { ...lone, seenAt: new Date(observation.at - 10_000).toISOString() };
  return decide(
    databaseId,
    record && { ...record, candidate },
    { ...observation, candidate } as Observation,
    hint,
    now,
  );
};

/** Two looks, whatever was seen between them. */
const forgetsNoCandidate: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const next = decision.record;
  if (!next || !record?.candidate || next.candidate || next.epoch !== record.epoch || next.state === 'stable')
    return decision;
  return { ...decision, record: { ...next, candidate: record.candidate } };
};

const staysStable: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const { record: next } = decision;
  return record?.state === 'stable' && next?.epoch === record.epoch && next.state === 'failing-over'
    ? { changed: false, record: { ...record, observedAt: next.observedAt } }
    : decision;
};

/** The same primary that comes back is a new one. */
const countsReturns: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const { record: next } = decision;
  const returned = record && record.state !== 'stable' && next?.state === 'stable' && next.epoch === record.epoch;
  return returned ? { changed: true, record: { ...next, epoch: next.epoch + 1 } } : decision;
};

/** Takes the last change back when the one before claims again. */
const goesBack: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  const { record: next } = decision;
  return record && next && next.epoch > record.epoch && next.primary.memberId === record.previousMemberId
    ? { changed: true, record: { ...next, epoch: record.epoch - 1 } }
    : decision;
};

const neverGivesUp: Decide = (databaseId, record, observation, hint, now) => {
  const decision = decide(databaseId, record, observation, hint, now);
  return decision.record?.state === 'no-primary'
    ? { ...decision, record: { ...decision.record, state: 'failing-over' } }
    : decision;
};

export const WRONG_PAIR_CORES: readonly (readonly [string, Decide])[] = [
  ['takes silence for the mirror', takesSilenceForTheMirror],
  ['does not ask for the arbiter', doesNotAskForTheArbiter],
  ['picks one of two claimants', picksOneOfTwo],
  ['believes a lone claimant at once', believesALoneClaimant],
  ['forgets no candidate', forgetsNoCandidate],
  ['stays stable when nobody claims', staysStable],
  ['counts the return of the same primary', countsReturns],
  ['goes back to the epoch before', goesBack],
  ['never gives up', neverGivesUp],
];
