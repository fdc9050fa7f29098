import type { FailoverCourse } from '../cloud/rds-failover';
import { MINUTE, ONE_POLL, SECOND, type Stage } from './scenario';

/** What the design promises of any failover, whichever signals told of it (design, invariants 1 and 2). */

/** The first tick of a new system needs its minute, its cold start and a poll; nothing is promised before. */
export async function untilTracked({ world, record, checks }: Stage): Promise<void> {
  const start = world.clock.now();
  await world.clock.run(3 * MINUTE);
  const first = record.first(start, (it) => it.state === 'stable' && it.announcedEpoch === it.epoch);
  checks.promise(
    'the first primary is known and announced within three minutes of the deployment',
    first !== undefined && first.epoch === 1 && first.zone === world.database.api.availabilityZone,
    first ? `epoch ${first.epoch} in ${first.zone}` : 'the table holds no announced record',
  );
}

/** Exactly one epoch; the record true within one poll of the API telling it; announced. */
export function oneEpochInTime(stage: Stage, course: FailoverCourse, before: number, bound = ONE_POLL): void {
  const { world, record, checks } = stage;
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
    `the record is true within ${bound / SECOND} s of the API telling the truth`,
    lag !== undefined && lag >= 0 && lag <= bound && changed?.zone === world.database.api.availabilityZone,
    lag === undefined ? 'the record never changed' : `after ${(lag / SECOND).toFixed(1)} s, in ${changed?.zone}`,
  );
  announcedOnce(stage, before + 1, changed?.at);
  checks.promise(
    'the record ends stable, with the primary that RDS names',
    record.last?.state === 'stable' && record.last.zone === world.database.api.availabilityZone,
    record.last ? `${record.last.state}, ${record.last.zone}` : 'no record',
  );
}

/** At least once, never before the record holds it, and never another epoch. */
export function announcedOnce({ world, checks }: Stage, epoch: number, recordedAt: number | undefined): void {
  const announced = world.bus.published.filter(({ event }) => event['detail-type'] === 'MobiLink Primary Changed');
  const { databaseId } = world.tracker ?? {};
  const ofEpoch = announced.filter(
    ({ event }) => event.detail.epoch === epoch && event.detail.databaseId === databaseId,
  );
  const [first] = ofEpoch;
  checks.promise(
    'the new primary is announced, after the record holds it',
    first !== undefined && recordedAt !== undefined && first.at >= recordedAt,
    `${ofEpoch.length} announcements of epoch ${epoch}`,
  );
  checks.measure(
    'announced after the record',
    first && recordedAt !== undefined ? first.at - recordedAt : undefined,
    's',
  );
}

/** Every event of the database that reached the bus invoked the tracker. */
export function heardEveryEvent({ world, checks }: Stage): void {
  const published = world.bus.published.filter(({ event }) => event.source === 'aws.rds').map(({ event }) => event.id);
  const heard = world.ended
    .filter(({ functionName }) => functionName === world.tracker?.functionName)
    .map(({ payload }) => (payload as { id?: string }).id)
    .filter((id) => id !== undefined);
  checks.promise(
    'the rule leads every event of the database to the tracker',
    published.length > 0 && published.every((id) => heard.includes(id)),
    `${published.filter((id) => heard.includes(id)).length} of ${published.length} events`,
  );
}

/** The longest time between two answers of the RDS API. */
export function neverBlind({ world, checks }: Stage, from: number, bound = ONE_POLL): void {
  const polls = world.wire.requests.entries
    .filter(({ process }) => process.startsWith(`${world.tracker?.functionName}#`))
    .filter(({ operation, at, outcome }) => operation === 'DescribeDBInstances' && outcome === '200' && at >= from)
    .map(({ at }) => at);
  const moments = [from, ...polls, world.clock.now()];
  const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
  const longest = Math.max(...gaps);
  checks.measure('longest time between two looks', longest, 's');
  checks.promise(
    `the tracker looks at least every ${bound / SECOND} s`,
    longest <= bound,
    `the longest pause was ${(longest / SECOND).toFixed(1)} s`,
  );
}
