/** What the functions of the syncs send, under which names. test/remotes compares them with the functions' own. */
export const RUN_FINISHED = 'MobiLink Sync Run Finished';

export const SYNC_METRICS = {
  ordered: 'SyncsOrdered',
  synchronized: 'SyncsSynchronized',
  failed: 'SyncsFailed',
  missed: 'SyncsMissed',
  busy: 'SyncsBusy',
  paused: 'SyncsPaused',
  runSuccessPercent: 'RunSuccessPercent',
  runFailures: 'RunFailures',
  oldestSuccessAge: 'OldestSuccessAge',
  commandLatency: 'CommandLatency',
  holdBackOverruns: 'HoldBackOverruns',
  runsSkipped: 'RunsSkipped',
  throttles: 'CommandThrottles',
};

/** Outcomes that a host reported and that were not believed. */
export const OUTCOMES_REFUSED = 'OutcomesRefused';

/** Dimension of all of them. */
export const SYNC_DIMENSION = 'Schedule';

/** How groups and schedules are named: part of keys and run ids, so neither `#`, `/` nor `@`. */
export const SHORT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** How remotes are named in their group. */
export const REMOTE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** As the script and the functions take it; an empty one is the host's own. */
export const PROFILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
