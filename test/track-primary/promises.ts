import type { PrimaryRecord } from '../../lambda/records/primary-record';
import {
  type decide,
  FAILOVER_SETTLES_AFTER,
  HINT_IS_OLD_AFTER,
  REBOOT_SETTLES_AFTER,
} from '../../lambda/track-primary/core';
import { changesPrimary, type History, type Look, memberOf } from './rds-history';
import { storyOf } from './story';

export type Decide = typeof decide;

/** A look that is not answered can delay what the next one does; four in a row may fail, ten seconds apart. */
const SLACK = 60_000;

/** Plays a history through a core and throws at the first promise of the design that it breaks, with the story that led there. */
export function keepsItsPromises(core: Decide, history: History): void {
  const { looks, spans } = history;
  const records: (PrimaryRecord | undefined)[] = [];
  const fail = (promise: string): never => {
    throw new Error(`${promise}\n${storyOf(history, records)}`);
  };
  let record: PrimaryRecord | undefined;
  let settledInEpoch = false;
  const explained = evidence(spans);
  const primaries = spans.filter(changesPrimary).map((it) => ({ ...it, until: nextStart(spans, it.end) }));
  for (const look of looks) {
    const before = record;
    const decision = core('main', before, look.observation, look.hint, look.at);
    record = decision.record;
    records.push(record);
    if (look.observation.kind === 'unknown') {
      if (decision.changed || record !== before) fail('no answer changes nothing');
      continue;
    }
    if (!record) throw fail('a primary that serves is recorded');
    const { truth } = look;
    const step = record.epoch - (before?.epoch ?? 0);
    if (step !== 0 && step !== 1) fail('an epoch grows by one and never goes back');
    if (step === 1 && before && before.primary.memberId === record.primary.memberId) fail('an epoch is one member');
    if (!truth.nobody && record.primary.memberId !== memberOf(truth)) {
      fail('the record names whom the API names at that look');
    }
    if (truth.nobody && step !== 0) fail('nobody is no other primary');
    if (record.state === 'no-primary' || record.state === 'two-primaries') {
      fail('a database that the API knows is not given up');
    }
    if (step === 1 && Date.parse(record.since) !== look.at) fail('since is the first sight of this primary');
    if (step === 0 && record.since !== before?.since) fail('since stays within an epoch');
    if (truth.status !== 'available' && record.state === 'stable')
      fail('a database that is out of service is not stable');
    if (step === 1 && truth.status === 'available' && record.state !== 'stable') fail('the new primary serves');

    settledInEpoch = step === 1 ? record.state === 'stable' : settledInEpoch || record.state === 'stable';
    if (record.state !== 'stable' && !explained(look)) fail('failing-over only by evidence');
    const during = primaries.find((it) => look.at >= it.told && look.at < it.until);
    if (during && settledInEpoch && look.at > during.end && record.state !== 'stable')
      fail('a late event starts nothing');
  }
  const members = looks.map(({ truth }) => memberOf(truth));
  const seen = members.filter((member, index) => index > 0 && member !== members[index - 1]).length;
  const changes = spans.filter(changesPrimary).length;
  if (seen !== changes) fail('the history itself hides a change of primary from every look');
  if (record?.epoch !== 1 + changes) fail(`one change is one epoch: ${changes} changes, epoch ${record?.epoch}`);
  if (record?.state !== 'stable') fail(`all is quiet, and the record says ${record?.state}`);
}

/** Whether anything in the true history explains that the tracker holds the primary to be moving. */
function evidence(spans: History['spans']): (look: Look) => boolean {
  const windows: { from: number; until: number; strong: boolean }[] = [];
  for (const it of spans) {
    // A reboot in the wake of a failover waits as long as the failover does.
    const wake = windows.some(({ strong, until }) => strong && it.start <= until);
    const strong = it.hinted || it.addressesMove || wake;
    const settles = strong ? FAILOVER_SETTLES_AFTER : REBOOT_SETTLES_AFTER;
    // An abandoned failover is known by its event alone, which is news for ten minutes.
    const late = it.kind === 'abandoned' ? HINT_IS_OLD_AFTER : 0;
    windows.push({ from: it.start, until: it.end + late + settles + SLACK, strong });
  }
  return (look) => windows.some(({ from, until }) => look.at >= from && look.at <= until);
}

function nextStart(spans: History['spans'], after: number): number {
  return Math.min(Number.POSITIVE_INFINITY, ...spans.map((it) => it.start).filter((start) => start >= after));
}
