import * as rds from 'aws-cdk-lib/aws-rds';
import { known, type Problems } from '../validation/problems';
import type { EngineSpecification } from './engine-specification';
import { MobiLinkEngine } from './mobilink-engine';
import { OdbcDataSource } from './odbc-data-source';

/** What a SQL Server instance needs to be a consolidated database. */
export interface SqlServerEngineOptions {
  /**
   * The full version. 2019 from 15.00.4073.23 on, or 2022: older ones are mirrored by another technique, which knows no listener (RDS User
   * Guide, "Multi-AZ deployments for Amazon RDS for Microsoft SQL Server"). SAP's page of supported platforms has the last word.
   *
   * @default SqlServerEngineVersion.VER_16_00_4236_2_V1
   */
  readonly version?: rds.SqlServerEngineVersion;

  /**
   * `user connections`, set in the parameter group if it is given. Each connection costs memory of the instance.
   *
   * @default - the engine's own limit, 32767 (RDS User Guide, "Maximum number of database connections")
   */
  readonly maximumConnections?: number;

  /**
   * More parameters of the parameter group. Those that this construct sets itself are refused.
   *
   * @default - none
   */
  readonly parameters?: { [key: string]: string };
}

const VERSION = rds.SqlServerEngineVersion.VER_16_00_4236_2_V1;

/** What SQL Server accepts at most (RDS User Guide, "Maximum number of database connections"). */
const ENGINE_LIMIT = 32_767;

export type SqlServerEdition = 'Standard' | 'Enterprise';

/** SQL Server with the licence included, as RDS offers it. */
export function sqlServerEngine(edition: SqlServerEdition, options: SqlServerEngineOptions): EngineSpecification {
  const { version = VERSION, maximumConnections, parameters } = options;
  const { sqlServerSe, sqlServerEe } = rds.DatabaseInstanceEngine;
  return {
    engine: MobiLinkEngine.SQL_SERVER,
    product: `SQL Server ${edition}`,
    instanceEngine: edition === 'Standard' ? sqlServerSe({ version }) : sqlServerEe({ version }),
    ports: { usual: 1433 },
    maximumConnections: maximumConnections ?? ENGINE_LIMIT,
    parameters: {
      // RDS User Guide, "Using SSL with a Microsoft SQL Server DB instance".
      'rds.force_ssl': '1',
      ...(maximumConnections !== undefined && { 'user connections': `${maximumConnections}` }),
    },
    given: parameters,
    parameterNames: {
      pattern: /^[a-z][a-z0-9 ._()-]*$/,
      rule: 'names of SQL Server parameters are lower case letters, digits, spaces and points',
      props: 'user connections is engine.maximumConnections; TLS is always required',
    },
    logExports: ['error'],
    licence: rds.LicenseModel.LICENSE_INCLUDED,
    databaseName: {
      usual: 'mobilink',
      pattern: /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
      rule: 'must be 1 to 64 letters, digits or underscores and begin with a letter',
      // RDS makes an empty server; the administrator makes the database (docs/engines.md).
      isMade: false,
    },
    runsOnGraviton: false,
    // Enterprise Edition runs on nothing smaller (RDS User Guide, "DB instance class support for Microsoft SQL Server").
    usualInstanceType: edition === 'Standard' ? 'm6i.large' : 'm6i.xlarge',
    hasClusters: false,
    validate: (problems) => validate(problems, version.sqlServerFullVersion, maximumConnections),
    dataSource: (host, port, databaseName) => OdbcDataSource.sqlServer({ host, port, databaseName }),
  };
}

function validate(problems: Problems, fullVersion: string, maximumConnections: number | undefined): void {
  const version = known(fullVersion);
  problems.require(version === undefined || hasAvailabilityGroups(version), {
    id: 'MobiLink:Consolidated:EngineVersion',
    prop: 'engine.version',
    rule: 'must be a full version of SQL Server 2019 from 15.00.4073.23 on, or of 2022',
    value: version,
    fix: 'take SqlServerEngineVersion.VER_16_00_4236_2_V1 or a later one',
  });
  const connections = known(maximumConnections);
  problems.require(
    connections === undefined || (Number.isInteger(connections) && connections >= 50 && connections <= ENGINE_LIMIT),
    {
      id: 'MobiLink:Consolidated:MaximumConnections',
      prop: 'engine.maximumConnections',
      rule: `must be a whole number from 50 to ${ENGINE_LIMIT}`,
      value: connections,
      fix: "leave it out for the engine's own limit",
    },
  );
}

function hasAvailabilityGroups(version: string): boolean {
  const [, major = '', build = ''] = /^(\d+)\.\d+\.(\d+)\.\d+/.exec(version) ?? [];
  return major === '16' || (major === '15' && Number(build) >= 4073);
}
