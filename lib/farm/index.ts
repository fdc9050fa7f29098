export * from './farm-exposure';
export * from './farm-stickiness';
export * from './mobilink-image';
export * from './mobilink-server-farm';
export * from './mobilink-stream';
