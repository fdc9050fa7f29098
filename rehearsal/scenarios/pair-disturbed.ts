import {
  endsStable,
  failoverIsAnnounced,
  neverLooksAway,
  noEpoch,
  oneEpochForThePair,
  TWO_POLLS,
  tellsState,
  untilPairIsTracked,
  valuesOf,
} from './pair-promises';
import { MINUTE, ONE_POLL, type Scenario, SECOND } from './scenario';

export const pairArbiterLost: Scenario = {
  name: 'pair-arbiter-lost',
  story: 'The zone of a mirrored pair’s arbiter goes dark, and comes back.',
  needs: 'a mirrored pair',
  async play(stage) {
    const { world, record, checks } = stage;
    await untilPairIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    const { availabilityZone } = world.pair.serverOf('arbiter');
    stage.say(`${availabilityZone} goes dark`);
    world.pair.loseZone(availabilityZone);
    await world.clock.run(10 * MINUTE);
    noEpoch(stage, from, before);
    endsStable(stage);
    checks.promise(
      'without the arbiter the record stays stable',
      record.states.every(({ at, state }) => at < from || state === 'stable'),
      `${record.last?.state} in epoch ${record.last?.epoch}`,
    );
    const back = world.clock.now();
    stage.say(`${availabilityZone} is back`);
    world.pair.restoreZone(availabilityZone);
    await world.clock.run(5 * MINUTE);
    noEpoch(stage, from, before);
    const lost = valuesOf(stage, 'ArbiterLost', from);
    const last = valuesOf(stage, 'ArbiterLost', back + 2 * MINUTE);
    checks.promise(
      'the loss of the arbiter is measured while it lasts, and no longer',
      lost.includes(1) && last.length > 0 && last.every((value) => value === 0),
      `${lost.filter((value) => value === 1).length} of ${lost.length} polls, at the end ${last.at(-1)}`,
    );
    neverLooksAway(stage, from);
  },
};

export const pairSplitClaim: Scenario = {
  name: 'pair-split-claim',
  story: 'The primary is cut off from its partner and the arbiter and holds on to its role for a while: two claim it.',
  needs: 'a mirrored pair',
  // SAP says "for a short time" (facts §4.1 [M7]); how long is UNSOURCED. Long enough for several looks.
  pairVariants: { lingers: 45 * SECOND },
  async play(stage) {
    const { world, record, checks } = stage;
    await untilPairIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    stage.say('the primary is cut off from both others; the tracker reaches all of them');
    world.pair.cut('first', 'second');
    world.pair.cut('first', 'arbiter');
    await world.clock.run(4 * MINUTE);
    const { truths } = world.pair;
    const split = truths.find(({ at, claimants }) => at >= from && claimants.length === 2)?.at;
    const healed = truths.find(({ at, claimants }) => split !== undefined && at > split && claimants.length < 2)?.at;
    checks.promise(
      'two servers claimed the role at one time',
      split !== undefined && healed !== undefined,
      split === undefined || healed === undefined ? 'they never did' : `for ${(healed - split) / SECOND} s`,
    );
    tellsState(stage, 'two-primaries', split, ONE_POLL);
    const during = record.states.filter(({ at }) => at >= from && at < (healed ?? from));
    checks.promise(
      'no epoch begins while two claim the role',
      during.length > 0 && during.every(({ epoch }) => epoch === before),
      `epochs ${[...new Set(during.map(({ epoch }) => epoch))].join(', ')}`,
    );
    checks.promise(
      'the number of claimants is measured',
      valuesOf(stage, 'PrimariesClaimed', from).includes(2),
      `${Math.max(...valuesOf(stage, 'PrimariesClaimed', from))} at most`,
    );
    oneEpochForThePair(stage, from, before, 'second');
    stage.say('the links are restored; the old primary becomes the mirror');
    world.pair.restore('first', 'second');
    world.pair.restore('first', 'arbiter');
    await world.clock.run(3 * MINUTE);
    oneEpochForThePair(stage, from, before, 'second');
    neverLooksAway(stage, from);
  },
};

export const pairDownAndBack: Scenario = {
  name: 'pair-down-and-back',
  story: 'Both partners of a mirrored pair die and come back after ten minutes.',
  needs: 'a mirrored pair',
  async play(stage) {
    const { world, record } = stage;
    await untilPairIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    stage.say('both partners die');
    world.pair.kill('second');
    world.pair.kill('first');
    await world.clock.run(10 * MINUTE);
    tellsState(stage, 'failing-over', from, ONE_POLL);
    tellsState(stage, 'no-primary', from, 2 * MINUTE + TWO_POLLS);
    failoverIsAnnounced(stage, from);
    noEpoch(stage, from, before);
    stage.say('both partners are started again, the mirror first');
    world.pair.start('second');
    await world.clock.run(20 * SECOND);
    world.pair.start('first');
    const back = world.clock.now();
    await world.clock.run(4 * MINUTE);
    const told = world.pair.truths.find(({ at, claimants }) => at >= back && claimants.length === 1);
    tellsState(stage, 'stable', told?.at, TWO_POLLS);
    // Who owned the role when all were lost has it again: the primary did not change.
    noEpoch(stage, from, before);
    endsStable(stage);
    neverLooksAway(stage, from);
  },
};
