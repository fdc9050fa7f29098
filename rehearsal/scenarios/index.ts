import { failover } from './failover';
import { failoverRepeatedAndReversed } from './failover-repeated-and-reversed';
import { failoverWithoutEvents } from './failover-without-events';
import { killedBeforeAnnouncement } from './killed-before-announcement';
import type { Scenario } from './scenario';
import { steadyState } from './steady-state';
import { syncRound } from './sync-round';
import { throttledApi } from './throttled-api';

/** Every scenario, in the order in which they are played. */
export const SCENARIOS: readonly Scenario[] = [
  steadyState,
  failover,
  failoverWithoutEvents,
  failoverRepeatedAndReversed,
  throttledApi,
  killedBeforeAnnouncement,
  syncRound,
];
