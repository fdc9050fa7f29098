import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import * as v from 'valibot';
import { driverFileOf, environmentSchema } from './configuration-rules';
import { entriesOf } from './configuration-schema';
import type { DataSourceKeys, Engine, Surroundings } from './engines/engine';
import type { Machine } from './machine';
import type { MetricSettings } from './metric-settings';
import type { Stream } from './stream';
import { taskNameOf } from './task-name';
import type { Verbosity } from './verbosity';

export type { Stream } from './stream';

/** Everything that the supervisor has been told, checked. */
export interface Configuration {
  readonly engine: Engine;
  readonly dsn: DataSourceKeys;
  readonly odbc: Surroundings;
  readonly loginSecretArn: string;
  readonly streams: readonly Stream[];
  /** Addresses whose connections the first stream drops without a word. */
  readonly ignoredClients: readonly string[];
  readonly healthPort: number;
  readonly workers: number;
  readonly maxWorkers: number;
  readonly maxConnections: number;
  readonly uploadWorkers?: number;
  readonly maxActiveSyncs?: number;
  readonly maxNetworkConnections?: number;
  readonly uploadGroup?: number;
  readonly longestSyncSeconds: number;
  readonly extraArguments: readonly string[];
  readonly periodicSeconds: number;
  readonly verbosity: Verbosity;
  readonly metrics: MetricSettings;
  /** The one folder that can be written. */
  readonly scratch: string;
  /** Where SQL Anywhere is. */
  readonly installation: string;
  readonly taskName: string;
}

/** The exit code for a configuration that cannot work: EX_USAGE of sysexits.h. */
export const CONFIGURATION_EXIT_CODE = 64;

/** Names everything that is wrong with the environment. */
export class ConfigurationError extends Error {
  public override readonly name = 'ConfigurationError';

  constructor(public readonly problems: readonly string[]) {
    super(`The environment of the MobiLink server is wrong:\n${problems.map((it) => `  - ${it}`).join('\n')}`);
  }
}

/** Reads the environment; throws a {@link ConfigurationError} with all problems at once. */
export function parseConfiguration(env: NodeJS.ProcessEnv, machine: Machine = THIS_MACHINE): Configuration {
  const schema = environmentSchema(machine);
  // A key that is not there would be worded as an invalid key; one that is undefined is missing.
  const named = Object.fromEntries(Object.keys(entriesOf(machine)).map((name) => [name, env[name]]));
  const result = v.safeParse(schema, named);
  if (!result.success) {
    throw new ConfigurationError(result.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`));
  }
  const it = result.output;
  const { engine, dsn } = it.MOBILINK_DATABASE;
  return {
    engine,
    dsn,
    odbc: { driverFile: driverFileOf(it), certificates: it.MOBILINK_CA_BUNDLE },
    loginSecretArn: it.MOBILINK_LOGIN_SECRET_ARN,
    streams: it.MOBILINK_STREAMS,
    ignoredClients: it.MOBILINK_IGNORED_CLIENTS,
    healthPort: it.MOBILINK_HEALTH_PORT,
    workers: it.MOBILINK_WORKERS,
    maxWorkers: it.MOBILINK_MAX_WORKERS,
    maxConnections: it.MOBILINK_MAX_CONNECTIONS ?? it.MOBILINK_SCRIPT_VERSIONS * it.MOBILINK_MAX_WORKERS + 1,
    uploadWorkers: it.MOBILINK_UPLOAD_WORKERS,
    maxActiveSyncs: it.MOBILINK_MAX_ACTIVE_SYNCS,
    maxNetworkConnections: it.MOBILINK_MAX_NETWORK_CONNECTIONS,
    uploadGroup: it.MOBILINK_UPLOAD_GROUP,
    longestSyncSeconds: it.MOBILINK_LONGEST_SYNC_SECONDS,
    extraArguments: it.MOBILINK_EXTRA_ARGUMENTS,
    periodicSeconds: it.MOBILINK_PERIODIC_SECONDS,
    verbosity: { letters: it.MOBILINK_VERBOSITY, until: it.MOBILINK_VERBOSITY_UNTIL },
    metrics: it.MOBILINK_METRICS,
    scratch: it.SATMP,
    installation: it.SQLANY17,
    taskName: taskNameOf(it.MOBILINK_TASK_NAME, it.ECS_CONTAINER_METADATA_URI_V4, machine.hostname),
  };
}

const ODBCINST = '/etc/odbcinst.ini';

const THIS_MACHINE: Machine = {
  hostname: hostname(),
  isWritableFolder: (path) => {
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
      return statSync(path).isDirectory();
    } catch {
      return false;
    }
  },
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  odbcinst: () => (existsSync(ODBCINST) ? readFileSync(ODBCINST, 'utf8') : ''),
};
