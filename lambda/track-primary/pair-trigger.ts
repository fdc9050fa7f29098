import * as v from 'valibot';
import { parse } from '../door/parse';
import { readTick, type Trigger } from './trigger';

/** Sent by host/tell-failover.sh, which the database's own MirrorFailover event calls. */
const mirrorFailover = v.object({
  source: v.literal('mobilink-ha'),
  'detail-type': v.literal('MobiLink Mirror Failover'),
  time: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  detail: v.object({ databaseId: v.string('an event without a databaseId'), server: v.optional(v.string(), '') }),
});

/**
 * Reads what arrived. Anybody who may put events on the bus can write this one, and it may be late: it is a reason to look, never a
 * reason to believe.
 */
export function readPairTrigger(payload: unknown, databaseId: string): Trigger {
  const ticked = readTick(payload);
  if (ticked) return ticked;
  const { time, detail } = parse(mirrorFailover, payload, 'Neither a tick nor an event of a mirrored pair');
  if (detail.databaseId !== databaseId) return { kind: 'foreign', resources: [detail.databaseId] };
  const at = time === undefined ? 0 : Date.parse(time);
  return {
    kind: 'event',
    hint: { meaning: 'partner-took-over', eventId: 'MirrorFailover', at },
    message: detail.server === '' ? 'a server took over' : `${detail.server} took over`,
  };
}
