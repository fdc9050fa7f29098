import type { PairMember } from '../cloud/mirrored-pair';
import { MINUTE, ONE_POLL, SECOND, type Stage } from './scenario';

/** What the design promises of a mirrored pair, whatever happens to it (design, flow 1 and invariants 1 and 2). */

/** A lone claimant counts in the second look only, and a look at a silent host takes its two seconds. */
export const TWO_POLLS = 2 * ONE_POLL;

/** The names that EventBridge and the tables know. */
const CHANGED = 'MobiLink Primary Changed';
const STARTED = 'MobiLink Failover Started';

/** The first tick of a new system needs its minute, its cold start and two polls; nothing is promised before. */
export async function untilPairIsTracked(stage: Stage): Promise<void> {
  const { world, record, checks } = stage;
  const start = world.clock.now();
  await world.clock.run(3 * MINUTE);
  const first = record.first(start, (it) => it.state === 'stable' && it.announcedEpoch === it.epoch);
  const { primary } = world.pair;
  checks.promise(
    'the first primary is known and announced within three minutes of the deployment',
    first?.epoch === 1 && first.memberId === primary?.server && first.addresses.join() === primary.address,
    first
      ? `epoch ${first.epoch}, ${first.memberId} at ${first.addresses.join()}`
      : 'the table holds no announced record',
  );
  aliasLeadsToPrimary(stage);
}

/**
 * One epoch for one change of primary; the record true soon after the pair told it; announced; the alias moved.
 * @param from the beginning of the story; what the pair claims is known from there on
 * @param by who the new primary must be
 */
export function oneEpochForThePair(stage: Stage, from: number, before: number, by: PairMember): void {
  const { world, record, checks } = stage;
  const { server, availabilityZone, address } = world.pair.serverOf(by);
  const toldAt = world.pair.truths.find(({ at, claimants }) => at >= from && claimants.join() === server)?.at;
  const changed = record.first(from, ({ epoch }) => epoch === before + 1);
  const lag = changed && toldAt !== undefined ? changed.at - toldAt : undefined;
  checks.measure('new primary after the failure', toldAt === undefined ? undefined : toldAt - from, 's');
  checks.measure('detected after the pair told', lag, 's');
  const epochs = [...new Set(record.states.filter(({ at }) => at >= from).map(({ epoch }) => epoch))];
  checks.promise(
    'one failover is one epoch',
    record.last?.epoch === before + 1 && epochs.every((epoch) => epoch === before || epoch === before + 1),
    `epochs ${epochs.join(', ') || 'none'} after epoch ${before}`,
  );
  checks.promise(
    `the record is true within two polls (${TWO_POLLS / SECOND} s) of the pair's having one primary`,
    lag !== undefined && lag >= 0 && lag <= TWO_POLLS && changed?.memberId === server,
    lag === undefined ? 'the record never changed' : `after ${(lag / SECOND).toFixed(1)} s, ${changed?.memberId}`,
  );
  checks.promise(
    'the record names the host, its zone and its address',
    record.last?.zone === availabilityZone && record.last.addresses.join() === address,
    `${record.last?.memberId} in ${record.last?.zone} at ${record.last?.addresses.join()}`,
  );
  const announced = eventsOf(stage, CHANGED, from).filter(({ epoch }) => epoch === before + 1);
  checks.promise(
    'the new primary is announced, after the record holds it',
    announced.length > 0 && changed !== undefined && announced.every(({ at }) => at >= changed.at),
    `${announced.length} announcements of epoch ${before + 1}`,
  );
  endsStable(stage);
}

/** The tracker says who is primary, as the pair itself does, and the alias leads there. */
export function endsStable(stage: Stage): void {
  const { world, record, checks } = stage;
  const { primary } = world.pair;
  checks.promise(
    'the record ends stable, with the one server that says that it is primary',
    record.last?.state === 'stable' && record.last.memberId === primary?.server,
    record.last ? `${record.last.state}, ${record.last.memberId}` : 'no record',
  );
  aliasLeadsToPrimary(stage);
}

/** No change of primary: neither an epoch nor an announcement. */
export function noEpoch({ record, checks, ...stage }: Stage, from: number, before: number): void {
  const epochs = [...new Set(record.states.filter(({ at }) => at >= from).map(({ epoch }) => epoch))];
  const announced = eventsOf({ record, checks, ...stage }, CHANGED, from);
  checks.promise(
    'without another primary there is no new epoch and no announcement',
    epochs.every((epoch) => epoch === before) && announced.length === 0,
    `epochs ${epochs.join(', ') || 'none'}, ${announced.length} announcements`,
  );
}

/** The state is told at once and to everybody: in the record, and where it is a failover, by an event. */
export function tellsState(stage: Stage, state: string, since: number | undefined, bound: number): void {
  const { record, checks } = stage;
  const seen = since === undefined ? undefined : record.first(since, (it) => it.state === state);
  const lag = seen && since !== undefined ? seen.at - since : undefined;
  checks.measure(`${state} told after`, lag, 's');
  checks.promise(
    `the record says ${state} within ${bound / SECOND} s of the truth`,
    lag !== undefined && lag <= bound,
    lag === undefined ? `it never said ${state}` : `after ${(lag / SECOND).toFixed(1)} s`,
  );
}

/** A failover that begins is announced, so that syncs wait. */
export function failoverIsAnnounced(stage: Stage, from: number): void {
  const started = eventsOf(stage, STARTED, from);
  stage.checks.promise('a failover that begins is announced', started.length > 0, `${started.length} announcements`);
}

/** The pair's own event leads to a look: the rule of the tracker lets it through. */
export function hintsAreHeard({ world, checks }: Stage): void {
  const hints = world.bus.published.filter(({ event }) => event['detail-type'] === 'MobiLink Mirror Failover');
  const heard = world.ended
    .filter(({ functionName }) => functionName === world.tracker?.functionName)
    .map(({ payload }) => (payload as { id?: string }).id);
  checks.promise(
    'the rule leads every event of the pair to the tracker',
    hints.length > 0 && hints.every(({ event }) => heard.includes(event.id)),
    `${hints.filter(({ event }) => heard.includes(event.id)).length} of ${hints.length} events`,
  );
}

/** The longest time between two questions to a role service, whether or not it answered. */
export function neverLooksAway({ world, checks }: Stage, from: number): void {
  const reads = world.wire.requests.entries
    .filter(({ process }) => process.startsWith(`${world.tracker?.functionName}#`))
    .filter(({ operation, at }) => operation === 'GetItem' && at >= from)
    .map(({ at }) => at);
  const moments = [from, ...reads, world.clock.now()];
  const longest = Math.max(...moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment)));
  checks.measure('longest time between two looks', longest, 's');
  checks.promise(
    `the tracker looks at least every ${ONE_POLL / SECOND} s`,
    longest <= ONE_POLL,
    `the longest pause was ${(longest / SECOND).toFixed(1)} s`,
  );
}

/** A metric of the tracker, as its log carries it to CloudWatch: its values in order. */
export function valuesOf({ world }: Stage, metric: string, from: number): number[] {
  return world.ended
    .filter(({ functionName }) => functionName === world.tracker?.functionName)
    .flatMap(({ result }) => result.logs)
    .filter(({ at }) => at >= from)
    .flatMap(({ text }) => {
      const found = new RegExp(`"${metric}":(\\[[\\d.,]+\\]|[\\d.]+)`).exec(text.replace(/"Metrics":\[[^\]]*\]/g, ''));
      return found ? [JSON.parse(found[1] ?? '0')].flat().map(Number) : [];
    });
}

/** For clients that cannot list both hosts. */
function aliasLeadsToPrimary({ world, checks }: Stage): void {
  const { site, pair } = world;
  const alias = world.tracker?.alias;
  const record = alias && site.route53.recordOf(alias.zoneId, alias.name, 'CNAME');
  checks.promise(
    'the alias leads to the primary, with a time to live of 5 s at most',
    record?.values.join() === pair.primary?.host && record !== undefined && record.ttl <= 5,
    record ? `${record.name} is ${record.values.join()}, for ${record.ttl} s` : 'the alias leads nowhere',
  );
}

function eventsOf({ world }: Stage, type: string, from: number): { at: number; epoch: number }[] {
  return world.bus.published
    .filter(({ at, event }) => at >= from && event['detail-type'] === type)
    .filter(({ event }) => event.detail.databaseId === world.tracker?.databaseId)
    .map(({ at, event }) => ({ at, epoch: Number(event.detail.epoch) }));
}
