import { blueGreen } from './blue-green';
import { bothEndsMirrored } from './both-ends-mirrored';
import { clusterFailover, clusterFailoverFails } from './cluster-failover';
import { COMBINATIONS } from './combinations';
import { blueGreenCancelled, failoverAbandoned } from './come-to-nothing';
import { failover } from './failover';
import { failoverRepeatedAndReversed } from './failover-repeated-and-reversed';
import { failoverWithoutEvents } from './failover-without-events';
import { farmFailover } from './farm-failover';
import { insideTrigger } from './inside-trigger';
import { killedBeforeAnnouncement } from './killed-before-announcement';
import { operator } from './operator';
import { pairArbiterLost, pairDownAndBack, pairSplitClaim } from './pair-disturbed';
import { pairFailover, pairFailoverSilentMirror, pairPlannedFailover, pairZoneLost } from './pair-failover';
import { pairSteadyState } from './pair-steady-state';
import { preparation } from './preparation';
import { rotation } from './rotation';
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
  preparation,
  blueGreen,
  blueGreenCancelled,
  failoverAbandoned,
  clusterFailover,
  clusterFailoverFails,
  pairSteadyState,
  pairFailover,
  pairFailoverSilentMirror,
  pairPlannedFailover,
  pairZoneLost,
  pairArbiterLost,
  pairSplitClaim,
  pairDownAndBack,
  syncRound,
  syncFailover,
  farmFailover,
  rotation,
  syncUnreachable,
  syncFiredAgain,
  syncThrottled,
  syncDeadLetters,
  syncKilled,
  operator,
  bothEndsMirrored,
  insideTrigger,
  ...COMBINATIONS,
  syncLargeRound,
];
