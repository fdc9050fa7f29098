import type { MiddlewareStack } from '@smithy/types';

/**
 * How many calls of one client are on their way at a time. The SDK keeps 50 connections, and a call that waits for one of them is timed
 * as if it were sent: a hundred records written in one look would run into their own time-outs. UNSOURCED.
 */
const CALLS_AT_ONCE = 20;

/** Lets the calls of a client, with what the SDK repeats of them, wait for each other. */
export function inTurn<Input extends object, Output extends object>(stack: MiddlewareStack<Input, Output>): void {
  const waiting: (() => void)[] = [];
  let free = CALLS_AT_ONCE;
  stack.add(
    (next) => async (args) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((begin) => waiting.push(begin));
      try {
        return await next(args);
      } finally {
        const begin = waiting.shift();
        if (begin) begin();
        else free += 1;
      }
    },
    { step: 'initialize', name: 'inTurn' },
  );
}
