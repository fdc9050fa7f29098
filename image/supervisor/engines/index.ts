import type { Engine } from './engine';
import { mysql } from './mysql';
import { sqlAnywhere } from './sql-anywhere';

/** The engines that the supervisor can ask. */
export const ENGINES: readonly Engine[] = [mysql, sqlAnywhere];
