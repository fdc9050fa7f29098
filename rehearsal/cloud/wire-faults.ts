import type { Caller, ServiceError } from './service';

/**
 * What a scenario does to a call. It kills the caller's environment, drops the connection, or leaves the call without an answer,
 * before or after the call takes effect; delays it; or refuses it. It happens at a moment at which all else waits.
 */
export interface Fault {
  readonly matches: (call: { service: string; operation: string; body: string; caller: Caller }) => boolean;
  readonly effect:
    | { readonly kind: 'kill-before' | 'kill-after' | 'drop-before' | 'drop-after' | 'hang' | 'hang-after' }
    /** In milliseconds, on top of the call's own latency. */
    | { readonly kind: 'delay'; readonly millis: number }
    | { readonly kind: 'refuse'; readonly error: ServiceError };
  /** How often; for ever when absent. */
  times?: number;
}

/** The faults that keep an answer from its caller. */
export type Withholding = Extract<Fault['effect'], { kind: `${string}-${string}` | 'hang' }>['kind'];
