/** Under which names the pair is measured. test/sql-anywhere and test/system compare them with what the producers send. */
export const METRIC_NAMESPACE = 'MobiLinkHA';

/** Sent by the primary tracker with each poll, dimension `DatabaseId`. */
export const TRACKER_METRICS = {
  primariesClaimed: 'PrimariesClaimed',
  mirrorNotSynchronized: 'MirrorNotSynchronized',
  partnerLost: 'PartnerLost',
  arbiterLost: 'ArbiterLost',
  clockSkewSeconds: 'ClockSkewSeconds',
};

/** Sent by `watch-host.sh` each minute, dimensions `DatabaseId` and `Member`. */
export const HOST_METRICS = {
  freeDiskPercent: 'FreeDiskPercent',
  oldestLogDays: 'OldestLogDays',
  clockOffsetSeconds: 'ClockOffsetSeconds',
};
