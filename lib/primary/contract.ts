import { TRACKER_METRICS } from '../sql-anywhere/pair-metrics';

/** What the tracker's function sends, under which names. test/primary compares them with the function's own. */
export const EVENT_SOURCE = 'mobilink-ha';
export const PRIMARY_CHANGED = 'MobiLink Primary Changed';
export const FAILOVER_STARTED = 'MobiLink Failover Started';

/** What the hosts of a mirrored pair send when one of them takes over (`host/tell-failover.sh`). */
export const MIRROR_FAILOVER = 'MobiLink Mirror Failover';

export const METRIC_NAMESPACE = 'MobiLinkHA';
export const METRICS = {
  polls: 'Polls',
  failedObservations: 'FailedObservations',
  primaryChanges: 'PrimaryChanges',
  secondsUnstable: 'SecondsUnstable',
};

/** Of a mirrored pair only, beside the others. */
export const PAIR_METRICS = { ...TRACKER_METRICS, failedAliasUpdates: 'FailedAliasUpdates' };
