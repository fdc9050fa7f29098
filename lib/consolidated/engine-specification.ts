import type * as rds from 'aws-cdk-lib/aws-rds';
import type { Problems } from '../validation/problems';
import type { MobiLinkEngine } from './mobilink-engine';
import type { OdbcDataSource } from './odbc-data-source';

/** What this package knows of one engine of RDS. */
export interface EngineSpecification {
  readonly engine: MobiLinkEngine;
  /** As its vendor calls it. */
  readonly product: string;
  readonly instanceEngine: rds.IInstanceEngine;
  readonly ports: EnginePorts;
  /** How many connections the database accepts: the parameter that we set, or the engine's own limit. */
  readonly maximumConnections: number;
  /** The whole parameter group. */
  readonly parameters: { readonly [key: string]: string };
  /** The parameters of the user's own, which must not be ours. */
  readonly given?: { readonly [key: string]: string };
  readonly parameterNames: ParameterNames;
  /** What an option group must hold. */
  readonly options?: readonly EngineOption[];
  /** The logs that RDS hands to CloudWatch. */
  readonly logExports: readonly string[];
  readonly licence?: rds.LicenseModel;
  readonly databaseName: DatabaseNames;
  /** Whether RDS runs it on Graviton. */
  readonly runsOnGraviton: boolean;
  /** An instance type that it runs on. */
  readonly usualInstanceType: string;
  /** Whether there are Multi-AZ DB clusters of it. */
  readonly hasClusters: boolean;
  validate(problems: Problems): void;
  dataSource(host: string, port: number, databaseName: string): OdbcDataSource;
}

export interface EnginePorts {
  /** That MobiLink uses. */
  readonly usual: number;
  /** That the instance listens on besides, without TLS; nobody is let in there. @default - none */
  readonly unencrypted?: number;
}

export interface ParameterNames {
  readonly pattern: RegExp;
  readonly rule: string;
  /** Which props stand for the parameters that we set. */
  readonly props: string;
}

export interface EngineOption {
  readonly name: string;
  readonly settings: { readonly [key: string]: string };
}

export interface DatabaseNames {
  readonly usual: string;
  readonly pattern: RegExp;
  readonly rule: string;
  /** Whether RDS makes the database. */
  readonly isMade: boolean;
}
