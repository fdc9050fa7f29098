export * from './remote-registry';
export * from './sync-dispatcher';
export * from './sync-dispatcher-props';
export * from './sync-document';
export * from './sync-schedule';
export * from './sync-schedule-props';
