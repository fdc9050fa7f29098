import {
  failoverIsAnnounced,
  hintsAreHeard,
  neverLooksAway,
  oneEpochForThePair,
  untilPairIsTracked,
} from './pair-promises';
import { MINUTE, type Scenario, type Stage } from './scenario';

/** The server of the primary dies; its host and its zone stay. */
async function play(stage: Stage): Promise<void> {
  const { world, record } = stage;
  await untilPairIsTracked(stage);
  const before = record.last?.epoch ?? 0;
  const from = world.clock.now();
  stage.say('the server of the primary dies');
  world.pair.kill('first');
  await world.clock.run(4 * MINUTE);
  oneEpochForThePair(stage, from, before, 'second');
  hintsAreHeard(stage);
  stage.say('the old primary is started again, as a mirror');
  world.pair.start('first');
  const back = world.clock.now();
  await world.clock.run(3 * MINUTE);
  oneEpochForThePair(stage, from, before, 'second');
  neverLooksAway(stage, from);
  stage.checks.promise(
    'a partner that comes back takes no role away',
    record.states.every(({ at, epoch }) => at < back || epoch === before + 1),
    `epoch ${record.last?.epoch}`,
  );
}

export const pairFailover: Scenario = {
  name: 'pair-failover',
  story: 'The server of a mirrored pair’s primary dies, and comes back.',
  needs: 'a mirrored pair',
  play,
};

export const pairFailoverSilentMirror: Scenario = {
  name: 'pair-failover-silent-mirror',
  story: 'The same where a mirror serves no HTTP: each claimant is alone.',
  needs: 'a mirrored pair',
  pairVariants: { mirrorAnswers: false },
  play,
};

export const pairPlannedFailover: Scenario = {
  name: 'pair-planned-failover',
  story: 'A person gives the role of the primary to the mirror.',
  needs: 'a mirrored pair',
  async play(stage) {
    const { world, record } = stage;
    await untilPairIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    stage.say('SET PARTNER FAILOVER on the primary');
    world.pair.failOver();
    await world.clock.run(3 * MINUTE);
    oneEpochForThePair(stage, from, before, 'second');
    hintsAreHeard(stage);
    neverLooksAway(stage, from);
  },
};

export const pairZoneLost: Scenario = {
  name: 'pair-zone-lost',
  story: 'The Availability Zone of a mirrored pair’s primary goes dark without a word, and comes back.',
  needs: 'a mirrored pair',
  async play(stage) {
    const { world, record } = stage;
    await untilPairIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    const { availabilityZone } = world.pair.serverOf('first');
    stage.say(`${availabilityZone} goes dark`);
    world.pair.loseZone(availabilityZone);
    await world.clock.run(5 * MINUTE);
    oneEpochForThePair(stage, from, before, 'second');
    failoverIsAnnounced(stage, from);
    hintsAreHeard(stage);
    stage.say(`${availabilityZone} is back`);
    world.pair.restoreZone(availabilityZone);
    await world.clock.run(3 * MINUTE);
    oneEpochForThePair(stage, from, before, 'second');
    neverLooksAway(stage, from);
  },
};
