import * as v from 'valibot';
import { parse } from './parse';

const queueEvent = v.object({
  Records: v.pipe(
    v.array(v.object({ messageId: v.string(), body: v.string() })),
    // With one message an invocation, what throws is that message's failure and nobody else's.
    v.length(1, 'must be one message: the event source mapping has BatchSize 1'),
  ),
});

/** The one message that a queue delivered, as its schema reads it. What it does not take ends in the dead-letter queue. */
export function readQueueMessage<const S extends v.GenericSchema>(schema: S, event: unknown): v.InferOutput<S> {
  const { Records } = parse(queueEvent, event, 'Not the event of a queue');
  const [record] = Records;
  const { messageId, body } = record as (typeof Records)[number];
  return parse(v.pipe(v.string(), v.parseJson(undefined, 'is not JSON'), schema), body, `The message ${messageId}`);
}
