import * as v from 'valibot';
import { parse } from '../door/parse';
import type { Hint } from './observation';

const tick = v.object({ kind: v.literal('tick'), scheduledAt: v.pipe(v.string(), v.isoTimestamp()) });

/** Of a deployment that nobody can name at synth: it says that some database changes, not which. */
const BLUE_GREEN = 'RDS Blue Green Deployment Event';

const rdsEvent = v.object({
  source: v.literal('aws.rds'),
  'detail-type': v.picklist(['RDS DB Instance Event', 'RDS DB Cluster Event', BLUE_GREEN]),
  time: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  resources: v.array(v.string()),
  detail: v.object({
    EventID: v.optional(v.string(), 'an event without an id'),
    Date: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    Message: v.optional(v.string(), ''),
  }),
});

/** Why the function was invoked. */
export type Trigger =
  | { readonly kind: 'tick'; readonly scheduledAt: string }
  | { readonly kind: 'event'; readonly hint: Hint; readonly message: string }
  | { readonly kind: 'foreign'; readonly resources: string[] };

/**
 * RDS User Guide, "Amazon RDS event categories and event messages". Of instances: 0013 a Multi-AZ failover started, 0034 one was
 * abandoned; 0015 and 0049 a failover is complete, 0051 an activation, 0065 the recovery from a partial failover. Of clusters: 0072 and
 * 0073 a failover started, within the zone or to another one; 0069 it failed, 0070 the previous primary is promoted again; 0071 it is
 * complete.
 */
const MEANINGS: Record<string, Hint['meaning']> = {
  'RDS-EVENT-0013': 'failover-began',
  'RDS-EVENT-0015': 'failover-completed',
  'RDS-EVENT-0034': 'failover-abandoned',
  'RDS-EVENT-0049': 'failover-completed',
  'RDS-EVENT-0051': 'failover-completed',
  'RDS-EVENT-0065': 'failover-completed',
  'RDS-EVENT-0069': 'failover-abandoned',
  'RDS-EVENT-0070': 'failover-abandoned',
  'RDS-EVENT-0071': 'failover-completed',
  'RDS-EVENT-0072': 'failover-began',
  'RDS-EVENT-0073': 'failover-began',
};

/** The schedule's own word; undefined for what claims to be something else. */
export function readTick(payload: unknown): Trigger | undefined {
  if (typeof payload !== 'object' || payload === null || !('kind' in payload)) return undefined;
  // Written as the record writes all times, so that two of them compare as text.
  const { scheduledAt } = parse(tick, payload, 'Not a tick');
  return { kind: 'tick', scheduledAt: new Date(scheduledAt).toISOString() };
}

/** Reads what arrived; an id that is not known is a reason to look and nothing more. */
export function readTrigger(payload: unknown, databaseArn: string): Trigger {
  const ticked = readTick(payload);
  if (ticked) return ticked;
  const event = parse(rdsEvent, payload, 'Neither a tick nor an event of an RDS database');
  const { resources, time, detail } = event;
  const named = resources.includes(databaseArn);
  if (!named && event['detail-type'] !== BLUE_GREEN) return { kind: 'foreign', resources };
  const date = detail.Date ?? time;
  // What happened at no known time cannot be told from what happened long ago.
  const meaning = date === undefined || !named ? 'look' : (MEANINGS[detail.EventID] ?? 'look');
  return {
    kind: 'event',
    hint: { meaning, eventId: detail.EventID, at: date === undefined ? 0 : Date.parse(date) },
    message: detail.Message,
  };
}
