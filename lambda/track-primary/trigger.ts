import * as v from 'valibot';
import type { Hint } from './core';

const tick = v.object({ kind: v.literal('tick'), scheduledAt: v.pipe(v.string(), v.isoTimestamp()) });

const rdsEvent = v.object({
  source: v.literal('aws.rds'),
  'detail-type': v.literal('RDS DB Instance Event'),
  time: v.pipe(v.string(), v.isoTimestamp()),
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

/** RDS User Guide, "Amazon RDS event categories and event messages": 0013 a Multi-AZ failover started, 0034 one was abandoned. */
const MEANINGS: Record<string, Hint['meaning']> = {
  'RDS-EVENT-0013': 'failover-began',
  'RDS-EVENT-0034': 'failover-abandoned',
};

/** Reads what arrived; an id that is not known is a reason to look and nothing more. */
export function readTrigger(payload: unknown, instanceArn: string): Trigger {
  const asTick = v.safeParse(tick, payload);
  // Written as the record writes all times, so that two of them compare as text.
  if (asTick.success) return { kind: 'tick', scheduledAt: new Date(asTick.output.scheduledAt).toISOString() };
  const asEvent = v.safeParse(rdsEvent, payload);
  if (!asEvent.success) {
    const problems = asEvent.issues.map((issue) => `${v.getDotPath(issue) ?? 'payload'}: ${issue.message}`);
    throw new Error(`Neither a tick nor an event of an RDS instance: ${problems.join('; ')}`);
  }
  const { resources, time, detail } = asEvent.output;
  if (!resources.includes(instanceArn)) return { kind: 'foreign', resources };
  return {
    kind: 'event',
    hint: { meaning: MEANINGS[detail.EventID] ?? 'look', eventId: detail.EventID, at: Date.parse(detail.Date ?? time) },
    message: detail.Message,
  };
}
