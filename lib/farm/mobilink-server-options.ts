import type { Duration } from 'aws-cdk-lib';
import type { ServerVerbosity } from './server-verbosity';

/** What every MobiLink server of a farm is told, and how its log is read. */
export interface MobiLinkServerOptions {
  /**
   * Database worker threads of a server (`-w`); each uses a connection.
   *
   * @default 5, as mlsrv17
   */
  readonly workers?: number;

  /**
   * How many workers a server may start under load (`-wm`).
   *
   * @default - `workers`
   */
  readonly maxWorkers?: number;

  /**
   * Script versions in use at a time. A connection serves one of them, so a server keeps up to
   * `scriptVersions` x `maxWorkers` + 1 connections (`-cn`).
   *
   * @default 1
   */
  readonly scriptVersions?: number;

  /**
   * How many workers may apply uploads at a time (`-wu`), at most `workers`. Few for uploads of many workers is often best when both
   * directions are busy.
   *
   * @default - all of them
   */
  readonly uploadWorkers?: number;

  /**
   * Syncs that a server works on at a time (`-sm`). Far too many and its memory is swapped out.
   *
   * @default - that of mlsrv17
   */
  readonly maxActiveSyncs?: number;

  /**
   * Network connections of a server at a time (`-nc`).
   *
   * @default - that of mlsrv17
   */
  readonly maxNetworkConnections?: number;

  /**
   * How many transactions of a remote that uploads transaction by transaction are applied as one (`-tx`).
   *
   * @default - that of mlsrv17
   */
  readonly uploadGroup?: number;

  /**
   * How much mlsrv17 logs (`-v`).
   *
   * @default ServerVerbosity.usual()
   */
  readonly verbosity?: ServerVerbosity;

  /**
   * How often mlsrv17 says how it fares (`-ppv`), 10 to 60 s. The farm is scaled by it, once a minute. Cost: log by line.
   *
   * @default Duration.seconds(60), as SAP suggests
   */
  readonly periodicInterval?: Duration;

  /**
   * Addresses whose connections are dropped without a word (`ignore=`). Only with `preserveClientIp`: without it every remote comes from
   * an address of the load balancer.
   *
   * @default - none
   */
  readonly ignoredClients?: string[];

  /**
   * The values of `-ppv` that become metrics, by the names of the log. Cost: a CloudWatch metric each, 0.30 dollars a month (list price).
   *
   * @default - those that SAP documents for Linux
   */
  readonly metricNames?: string[];

  /**
   * How the log says them: a regular expression with the groups `(?<name>...)` and `(?<value>...)`. SAP does not document the line's shape.
   *
   * @default - `PERIODIC: NAME: value`
   */
  readonly metricPattern?: string;

  /**
   * More arguments of mlsrv17, for example `-cr 5`. Those that belong to the farm or break it are refused.
   *
   * @default - none
   */
  readonly extraArguments?: string[];
}
