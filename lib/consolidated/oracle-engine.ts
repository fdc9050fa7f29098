import * as rds from 'aws-cdk-lib/aws-rds';
import { known, type Problems } from '../validation/problems';
import type { EngineSpecification } from './engine-specification';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';

/** What an Oracle instance needs to be a consolidated database. */
export interface OracleEngineOptions {
  /**
   * The full version of Oracle 19c. Of 21c RDS runs container databases only. SAP's page of supported platforms has the last word.
   *
   * @default - OracleEngineVersion.VER_19_0_0_0_2025_07_R1
   */
  readonly version?: rds.OracleEngineVersion;

  /**
   * Sessions of users. `processes` of the parameter group is this number and 150 more for the processes of the database's own (UNSOURCED).
   *
   * @default 500
   */
  readonly maximumConnections?: number;

  /**
   * Minutes after which the server asks a client that says nothing whether it is still there: how long a MobiLink server that vanished
   * without a word can hold the lock of a remote's row. `sqlnetora.sqlnet.expire_time`.
   *
   * @default 2 UNSOURCED
   */
  readonly deadPeerMinutes?: number;

  /**
   * More parameters of the parameter group. Those that this construct sets itself are refused.
   *
   * @default - none
   */
  readonly parameters?: { [key: string]: string };
}

/** Options of Standard Edition Two, whose licence may be bought from AWS. */
export interface OracleStandardTwoEngineOptions extends OracleEngineOptions {
  /**
   * Whether AWS sells the licence with the instance.
   *
   * @default false: you bring it
   */
  readonly licenceIncluded?: boolean;
}

const VERSION = rds.OracleEngineVersion.VER_19_0_0_0_2025_07_R1;

/** Processes that are not sessions of users. UNSOURCED. */
const OWN_PROCESSES = 150;

export type OracleEdition = 'Standard Edition Two' | 'Enterprise Edition';

/** Oracle 19c. */
export function oracleEngine(
  edition: OracleEdition,
  { licenceIncluded = false, ...options }: OracleStandardTwoEngineOptions,
): EngineSpecification {
  const { version = VERSION, maximumConnections = 500, deadPeerMinutes = 2, parameters } = options;
  const { oracleSe2, oracleEe } = rds.DatabaseInstanceEngine;
  return {
    engine: MobiLinkEngine.ORACLE,
    product: `Oracle ${edition}`,
    instanceEngine: edition === 'Standard Edition Two' ? oracleSe2({ version }) : oracleEe({ version }),
    // Oracle wants a port of its own for TLS (RDS User Guide, "Oracle Secure Sockets Layer").
    ports: { usual: 2484, unencrypted: 1521 },
    maximumConnections,
    parameters: {
      processes: `${maximumConnections + OWN_PROCESSES}`,
      'sqlnetora.sqlnet.expire_time': `${deadPeerMinutes}`,
    },
    given: parameters,
    parameterNames: {
      pattern: /^[a-z_][a-z0-9_.]*$/,
      rule: 'names of Oracle parameters are lower case letters, digits, underscores and points',
      props: 'processes is engine.maximumConnections, sqlnetora.sqlnet.expire_time is engine.deadPeerMinutes',
    },
    options: [
      {
        name: 'SSL',
        settings: {
          'SQLNET.SSL_VERSION': '1.2',
          'SQLNET.CIPHER_SUITE': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
        },
      },
    ],
    logExports: ['alert', 'listener'],
    licence: licenceIncluded ? rds.LicenseModel.LICENSE_INCLUDED : rds.LicenseModel.BRING_YOUR_OWN_LICENSE,
    databaseName: {
      usual: 'MOBILINK',
      pattern: /^[A-Z][A-Z0-9]{0,7}$/,
      rule: 'must be 1 to 8 capital letters or digits and begin with a letter',
      isMade: true,
    },
    runsOnGraviton: false,
    // With the licence included RDS offers fewer classes.
    usualInstanceType: licenceIncluded ? 'm5.large' : 'm6i.large',
    hasClusters: false,
    validate: (problems) => validate(problems, version.oracleFullVersion, maximumConnections, deadPeerMinutes),
    dataSource: (host, port, databaseName) => OdbcDataSource.oracle({ host, port, serviceName: databaseName }),
  };
}

function validate(problems: Problems, fullVersion: string, maximumConnections: number, deadPeerMinutes: number): void {
  const version = known(fullVersion);
  problems.require(version === undefined || /^19\.0\.0\.0\.ru-\d{4}-\d\d/.test(version), {
    id: 'MobiLink:Consolidated:EngineVersion',
    prop: 'engine.version',
    rule: 'must be a full version of Oracle 19c',
    value: version,
    fix: 'take OracleEngineVersion.VER_19_0_0_0_2025_07_R1 or a later one of 19c',
  });
  const connections = known(maximumConnections);
  // RDS accepts 80 to 20 000 for processes (RDS User Guide, "Maximum number of database connections").
  const most = 20_000 - OWN_PROCESSES;
  problems.require(
    connections === undefined || (Number.isInteger(connections) && connections >= 50 && connections <= most),
    {
      id: 'MobiLink:Consolidated:MaximumConnections',
      prop: 'engine.maximumConnections',
      rule: `must be a whole number from 50 to ${most}`,
      value: connections,
      fix: 'size it by the farm: servers x (script versions x workers + 2), and by the memory of the instance',
    },
  );
  const minutes = known(deadPeerMinutes);
  problems.require(minutes === undefined || (Number.isInteger(minutes) && minutes >= 1 && minutes <= 60), {
    id: 'MobiLink:Consolidated:DeadPeer',
    prop: 'engine.deadPeerMinutes',
    rule: 'must be a whole number of minutes from 1 to 60',
    value: minutes,
    fix: 'leave it out for 2',
  });
}
