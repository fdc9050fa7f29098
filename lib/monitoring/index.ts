export * from './sync-monitoring';
export * from './sync-monitoring-props';
export * from './thresholds';
