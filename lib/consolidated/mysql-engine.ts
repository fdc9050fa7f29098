import * as rds from 'aws-cdk-lib/aws-rds';
import { known, type Problems } from '../validation/problems';
import type { EngineSpecification } from './engine-specification';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';

/** What a MySQL instance needs to be a consolidated database. */
export interface MysqlEngineOptions {
  /**
   * The full version, `8.4.8` rather than `8.4`: RDS would choose another minor version than the one that was tested.
   *
   * @default MysqlEngineVersion.of('8.4.8', '8.4')
   */
  readonly version?: rds.MysqlEngineVersion;

  /**
   * `max_connections`, set in the parameter group: the RDS default is a formula of the memory, which nobody can check a
   * farm's connection budget against. Each connection costs memory of the instance, roughly 1 MB idle (UNSOURCED).
   *
   * @default 500
   */
  readonly maximumConnections?: number;

  /**
   * Seconds after which the server ends a session that waits for its client: how long a MobiLink server that vanished
   * without a word (an Availability Zone that went dark) can hold the lock of a remote's row, during which this remote's
   * retries get warning 10106. RDS cannot set the operating system's TCP keepalive, so `wait_timeout` is the only bound.
   * Too short a value cuts connections that mlsrv keeps idle. UNSOURCED, see docs/sap-assumptions.md.
   *
   * @default 600
   */
  readonly deadPeerSeconds?: number;

  /**
   * More parameters of the parameter group. Those that this construct sets itself are refused.
   *
   * @default - none
   */
  readonly parameters?: { [key: string]: string };
}

const VERSION = rds.MysqlEngineVersion.of('8.4.8', '8.4');

/** MySQL 8. */
export function mysqlEngine(options: MysqlEngineOptions): EngineSpecification {
  const { version = VERSION, maximumConnections = 500, deadPeerSeconds = 600, parameters } = options;
  return {
    engine: MobiLinkEngine.MYSQL,
    product: 'MySQL',
    instanceEngine: rds.DatabaseInstanceEngine.mysql({ version }),
    ports: { usual: 3306 },
    maximumConnections,
    parameters: {
      // mlsrv's set-up script creates triggers; with backups on, the binary log refuses them otherwise (MySQL error 1419).
      log_bin_trust_function_creators: '1',
      max_connections: `${maximumConnections}`,
      require_secure_transport: '1',
      wait_timeout: `${deadPeerSeconds}`,
    },
    given: parameters,
    parameterNames: {
      pattern: /^[a-z][a-z0-9_]*$/,
      rule: 'names of MySQL parameters are lower case letters, digits and underscores',
      props: 'max_connections is engine.maximumConnections, wait_timeout is engine.deadPeerSeconds',
    },
    logExports: ['error', 'slowquery'],
    databaseName: {
      usual: 'mobilink',
      pattern: /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
      rule: 'must be 1 to 64 letters, digits or underscores and begin with a letter',
      isMade: true,
    },
    runsOnGraviton: true,
    usualInstanceType: 'm7g.large',
    hasClusters: true,
    validate: (problems) => validate(problems, version.mysqlFullVersion, maximumConnections, deadPeerSeconds),
    dataSource: (host, port, databaseName) => OdbcDataSource.mysql({ host, port, databaseName }),
  };
}

function validate(problems: Problems, fullVersion: string, maximumConnections: number, deadPeerSeconds: number): void {
  const version = known(fullVersion);
  problems.require(version === undefined || /^8\.\d+\.\d+/.test(version), {
    id: 'MobiLink:Consolidated:EngineVersion',
    prop: 'engine.version',
    rule: 'must be a full version of MySQL 8',
    value: version,
    fix: "name it in full, for example MysqlEngineVersion.of('8.4.8', '8.4')",
  });
  const connections = known(maximumConnections);
  // RDS accepts 1 to 100 000 for max_connections (RDS User Guide, "Quotas and constraints").
  problems.require(
    connections === undefined || (Number.isInteger(connections) && connections >= 50 && connections <= 100_000),
    {
      id: 'MobiLink:Consolidated:MaximumConnections',
      prop: 'engine.maximumConnections',
      rule: 'must be a whole number from 50 to 100000',
      value: connections,
      fix: 'size it by the farm: servers x (script versions x workers + 2), and by the memory of the instance',
    },
  );
  const seconds = known(deadPeerSeconds);
  problems.require(seconds === undefined || (Number.isInteger(seconds) && seconds >= 60 && seconds <= 31_536_000), {
    id: 'MobiLink:Consolidated:DeadPeer',
    prop: 'engine.deadPeerSeconds',
    rule: 'must be a whole number of seconds from 60 to 31536000',
    value: seconds,
    fix: 'use 600 unless your MobiLink servers lose idle connections',
  });
}
