import { endsStable, neverLooksAway, noEpoch, untilPairIsTracked, valuesOf } from './pair-promises';
import { MINUTE, type Scenario } from './scenario';

export const pairSteadyState: Scenario = {
  name: 'pair-steady-state',
  story: 'Nothing happens to a mirrored pair for twenty minutes.',
  needs: 'a mirrored pair',
  async play(stage) {
    const { world, checks } = stage;
    await untilPairIsTracked(stage);
    const from = world.clock.now();
    await world.clock.run(20 * MINUTE);
    noEpoch(stage, from, 1);
    endsStable(stage);
    neverLooksAway(stage, from);
    const worst = ['MirrorNotSynchronized', 'PartnerLost', 'ArbiterLost'].map((metric) =>
      Math.max(...valuesOf(stage, metric, from)),
    );
    checks.promise(
      'nothing is measured that is not so',
      worst.every((value) => value === 0),
      worst.join(', '),
    );
    checks.measure(
      'questions to role services in 20 minutes',
      world.wire.requests.entries.filter((it) => it.at >= from && it.service === 'http').length,
      'count',
    );
    checks.measure(
      'changes of the zone in 20 minutes',
      world.site.route53.changes.filter((it) => it.at >= from).length,
      'count',
    );
  },
};
