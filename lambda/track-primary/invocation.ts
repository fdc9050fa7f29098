import * as v from 'valibot';
import { parse } from '../door/parse';
import { primarySource } from './environment';
import { readTick } from './trigger';

/*
 * The function's environment has room for one database (4 KB, Lambda Developer Guide, "Lambda quotas"), which is its own. The others
 * arrive with each call: the schedule brings all of them, and the rule that leads an event here brings those that it matches.
 */

const databases = v.array(v.object({ databaseId: v.pipe(v.string(), v.minLength(1)), source: primarySource }));

const tick = v.object({ databases: v.optional(databases, []) });

const ledEvent = v.object({ kind: v.literal('event'), event: v.unknown(), databases });

/** A database and where its primary is learned of. */
export type DescribedDatabase = v.InferOutput<typeof databases>[number];

/** What the function is asked to do. */
export type Invocation =
  | { readonly kind: 'tick'; readonly scheduledAt: string; readonly others: DescribedDatabase[] }
  /** An event of one of these databases. */
  | { readonly kind: 'event-of-others'; readonly event: unknown; readonly others: DescribedDatabase[] }
  /** Anything else: an event of the function's own database, if it is one. */
  | { readonly kind: 'event'; readonly event: unknown };

export function readInvocation(payload: unknown): Invocation {
  if (kindOf(payload) === 'event') {
    const led = parse(ledEvent, payload, 'Not an event with the databases that it may be about');
    return { kind: 'event-of-others', event: led.event, others: led.databases };
  }
  const ticked = readTick(payload);
  if (ticked?.kind !== 'tick') return { kind: 'event', event: payload };
  return { ...ticked, others: parse(tick, payload, 'Not a tick').databases };
}

function kindOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'kind' in payload ? payload.kind : undefined;
}
