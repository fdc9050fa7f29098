export * from './pair-alarms';
export * from './pair-backups';
export * from './pair-host';
export * from './pair-replacement';
export * from './sql-anywhere-pair';
export * from './sql-anywhere-pair-props';
export * from './sql-anywhere-software';
export * from './synchronization-mode';
