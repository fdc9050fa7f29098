import { dbisqlClient } from './dbisql-client';
import { mysqlClient } from './mysql-client';
import type { ClientSettings, SqlClient } from './sql-client';
import { sqlcmdClient } from './sqlcmd-client';
import { sqlplusClient } from './sqlplus-client';

/** By the names of the engines. */
export const CLIENTS: Readonly<Record<string, (settings: ClientSettings, signal: AbortSignal) => Promise<SqlClient>>> =
  {
    mysql: mysqlClient,
    'sql-server': sqlcmdClient,
    oracle: sqlplusClient,
    'sql-anywhere': dbisqlClient,
  };
