import { failover } from './failover';
import { failoverRepeatedAndReversed } from './failover-repeated-and-reversed';
import { failoverWithoutEvents } from './failover-without-events';
import { killedBeforeAnnouncement } from './killed-before-announcement';
import type { Scenario } from './scenario';
import { steadyState } from './steady-state';
import { syncDeadLetters } from './sync-dead-letters';
import { syncFailover } from './sync-failover';
import { syncFiredAgain } from './sync-fired-again';
import { syncKilled } from './sync-killed';
import { syncLargeRound } from './sync-large-round';
import { syncRound } from './sync-round';
import { syncThrottled } from './sync-throttled';
import { syncUnreachable } from './sync-unreachable';
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
  syncFailover,
  syncUnreachable,
  syncFiredAgain,
  syncThrottled,
  syncDeadLetters,
  syncKilled,
  syncLargeRound,
];
