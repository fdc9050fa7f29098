import type { ClusterCourse } from '../cloud/rds-cluster-failover';
import { announcedOnce } from './promises';
import { MINUTE, ONE_POLL, type Scenario, SECOND, type Stage } from './scenario';

const NEEDS = 'a Multi-AZ DB cluster';

async function untilWriterIsTracked({ world, record, checks }: Stage): Promise<void> {
  await world.clock.run(3 * MINUTE);
  const [writer = 'nobody'] = world.cluster.api.writers;
  checks.promise(
    'the first writer is known within three minutes of the deployment',
    record.last?.epoch === 1 && record.last.state === 'stable' && record.last.memberId.endsWith(`/${writer}`),
    `epoch ${record.last?.epoch}, ${record.last?.memberId}`,
  );
}

function oneEpochForTheCluster(stage: Stage, course: ClusterCourse, before: number): void {
  const { record, checks } = stage;
  const epochs = [...new Set(record.states.filter((it) => it.at >= course.startedAt).map((it) => it.epoch))];
  checks.promise(
    'one failover is one epoch',
    record.last?.epoch === before + 1 && epochs.every((epoch) => epoch === before || epoch === before + 1),
    `epochs ${epochs.join(', ') || 'none'} after epoch ${before}`,
  );
  const changed = record.first(course.startedAt, (it) => it.epoch === before + 1);
  const lag = changed && changed.at - course.apiTellsAt;
  checks.measure('detected after the API told', lag, 's');
  checks.promise(
    `the record is true within ${ONE_POLL / SECOND} s of the API telling the truth`,
    lag !== undefined && lag >= 0 && lag <= ONE_POLL && changed?.memberId.endsWith(`/${course.to}`) === true,
    lag === undefined ? 'the record never changed' : `after ${(lag / SECOND).toFixed(1)} s, ${changed?.memberId}`,
  );
  checks.promise(
    'while the API names no writer, nobody is given up',
    !record.states.some(({ state, at }) => at >= course.startedAt && state === 'no-primary'),
    'the record never said no-primary',
  );
  announcedOnce(stage, before + 1, changed?.at);
  checks.promise('the record ends stable', record.last?.state === 'stable', `${record.last?.state}`);
}

export const clusterFailover: Scenario = {
  name: 'cluster-failover',
  story: 'A Multi-AZ DB cluster fails over twice; between two writers its API names none.',
  needs: NEEDS,
  partial: true,
  async play(stage) {
    const { world, record } = stage;
    await untilWriterIsTracked(stage);
    for (const round of ['the writer’s zone goes dark', 'the next one too']) {
      stage.say(round);
      const before = record.last?.epoch ?? 0;
      const course = world.failOverCluster();
      await world.clock.run(8 * MINUTE);
      oneEpochForTheCluster(stage, course, before);
    }
  },
};

export const clusterFailoverFails: Scenario = {
  name: 'cluster-failover-fails',
  story: 'A Multi-AZ DB cluster begins to fail over, gives it up and keeps its writer.',
  needs: NEEDS,
  partial: true,
  async play(stage) {
    const { world, record, checks } = stage;
    await untilWriterIsTracked(stage);
    const before = record.last?.epoch ?? 0;
    const from = world.clock.now();
    world.failedFailover();
    await world.clock.run(8 * MINUTE);
    checks.promise(
      'the failover is noticed, and it ends stable in the same epoch',
      record.first(from, ({ state }) => state === 'failing-over') !== undefined &&
        record.last?.state === 'stable' &&
        record.last.epoch === before,
      `${record.last?.state}, epoch ${record.last?.epoch}: ${record.last?.cause}`,
    );
  },
};
