import type { Observation } from './observation';

/** What the SDK's errors of throttling are called, with the protocol that RDS speaks. */
const THROTTLED = new Set(['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'TooManyRequestsException']);

/** A look that brought no answer, and why. */
export function unanswered(at: number, error: unknown): Observation {
  if (!(error instanceof Error)) return { kind: 'unknown', at, reason: String(error) };
  return {
    kind: 'unknown',
    at,
    reason: `${error.name}: ${error.message}`,
    ...(THROTTLED.has(error.name) ? { throttled: true } : {}),
  };
}
