import type * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { Problems } from '../validation/problems';
import type { EngineSpecification } from './engine-specification';
import type { MobiLinkEngine } from './mobilink-engine';
import { type MysqlEngineOptions, mysqlEngine } from './mysql-engine';
import { type OracleEngineOptions, type OracleStandardTwoEngineOptions, oracleEngine } from './oracle-engine';
import { refusalOf } from './refused-engines';
import { type SqlServerEngineOptions, sqlServerEngine } from './sql-server-engine';

/**
 * The product and version of a consolidated database on RDS. MobiLink cannot use PostgreSQL or MariaDB (SAP, "MobiLink
 * consolidated databases", 17.0), so there is no engine of that kind here.
 */
export class ConsolidatedRdsEngine {
  /** MySQL 8. */
  public static mysql(options: MysqlEngineOptions = {}): ConsolidatedRdsEngine {
    return new ConsolidatedRdsEngine(mysqlEngine(options));
  }

  /** SQL Server 2019 or 2022, Standard Edition, its licence in the price of the instance. */
  public static sqlServerStandard(options: SqlServerEngineOptions = {}): ConsolidatedRdsEngine {
    return new ConsolidatedRdsEngine(sqlServerEngine('Standard', options));
  }

  /** SQL Server 2019 or 2022, Enterprise Edition, its licence in the price of the instance. */
  public static sqlServerEnterprise(options: SqlServerEngineOptions = {}): ConsolidatedRdsEngine {
    return new ConsolidatedRdsEngine(sqlServerEngine('Enterprise', options));
  }

  /** Oracle 19c, Standard Edition Two. */
  public static oracleStandardTwo(options: OracleStandardTwoEngineOptions = {}): ConsolidatedRdsEngine {
    return new ConsolidatedRdsEngine(oracleEngine('Standard Edition Two', options));
  }

  /** Oracle 19c, Enterprise Edition, whose licence you bring. */
  public static oracleEnterprise(options: OracleEngineOptions = {}): ConsolidatedRdsEngine {
    return new ConsolidatedRdsEngine(oracleEngine('Enterprise Edition', options));
  }

  /**
   * Why a product cannot be the consolidated database on RDS, and what to use instead; undefined when nothing is known against it.
   *
   * @param engineName as RDS writes it, for example `postgres` or `aurora-mysql`.
   */
  public static whyRefused(engineName: string): string | undefined {
    const refusal = refusalOf(engineName);
    return refusal && `${refusal.product}: ${refusal.reason}. Fix: ${refusal.fix}`;
  }

  /** The product. */
  public readonly engine: MobiLinkEngine;

  /** The engine as RDS knows it. */
  public readonly instanceEngine: rds.IInstanceEngine;

  /** The port that MobiLink uses unless told otherwise. */
  public readonly defaultPort: number;

  /** How many connections the database accepts: the parameter that is set, or the engine's own limit. */
  public readonly maximumConnections: number;

  /** The whole parameter group. */
  public readonly parameters: { [key: string]: string };

  /** The logs that RDS hands to CloudWatch. */
  public readonly logExports: string[];

  /** @internal */
  public readonly _specification: EngineSpecification;

  private constructor(specification: EngineSpecification) {
    this._specification = specification;
    this.engine = specification.engine;
    this.instanceEngine = specification.instanceEngine;
    this.defaultPort = specification.ports.usual;
    this.maximumConnections = specification.maximumConnections;
    this.parameters = { ...specification.given, ...specification.parameters };
    this.logExports = [...specification.logExports];
  }

  /**
   * Notes what is wrong with the engine's options.
   * @internal
   */
  public _validate(scope: Construct): Problems {
    const problems = new Problems(scope);
    this._specification.validate(problems);
    validateParameters(problems, this._specification);
    return problems;
  }
}

function validateParameters(problems: Problems, { given = {}, parameters, parameterNames }: EngineSpecification): void {
  for (const [name, value] of Object.entries(given)) {
    problems.require(parameterNames.pattern.test(name), {
      id: 'MobiLink:Consolidated:ParameterName',
      prop: 'engine.parameters',
      rule: parameterNames.rule,
      value: name,
      fix: 'look the name up with aws rds describe-engine-default-parameters',
    });
    problems.require(!(name in parameters), {
      id: 'MobiLink:Consolidated:OwnedParameter',
      prop: 'engine.parameters',
      rule: `${name} is set by this construct`,
      value,
      fix: `leave it out; ${parameterNames.props}`,
    });
  }
}
