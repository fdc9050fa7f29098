import type { Engine } from './engine';
import { mysql } from './mysql';
import { oracle } from './oracle';
import { sqlAnywhere } from './sql-anywhere';
import { sqlServer } from './sql-server';

/** The engines that the supervisor can ask. */
export const ENGINES: readonly Engine[] = [mysql, sqlServer, oracle, sqlAnywhere];
