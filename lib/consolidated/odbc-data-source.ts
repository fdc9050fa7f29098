import { type Duration, Tokenization } from 'aws-cdk-lib';
import { MobiLinkEngine } from './mobilink-engine';

/** Where and how a MySQL consolidated database is reached. */
export interface MysqlDataSourceOptions {
  /** The name that always leads to the primary: for RDS the instance's endpoint. Never an address. */
  readonly host: string;

  /** The TCP port. */
  readonly port: number;

  /** The schema that holds the tables and MobiLink's `ml_*` objects. */
  readonly databaseName: string;
}

/** Where and how a consolidated database on SQL Server is reached. */
export interface SqlServerDataSourceOptions {
  /** The name that always leads to the primary: for RDS the instance's endpoint. Never an address. */
  readonly host: string;

  /** The TCP port. */
  readonly port: number;

  /** The database that holds the tables and MobiLink's `ml_*` objects. */
  readonly databaseName: string;
}

/** Where and how a consolidated database on Oracle is reached. */
export interface OracleDataSourceOptions {
  /** The name that always leads to the primary: for RDS the instance's endpoint. Never an address. */
  readonly host: string;

  /** The TCP port that speaks TLS. */
  readonly port: number;

  /** The service that the listener knows the database by: for RDS its name. */
  readonly serviceName: string;
}

/** Where and how a mirrored SQL Anywhere database is reached. */
export interface SqlAnywhereDataSourceOptions {
  /** The server name that only the primary answers to, as `CREATE MIRROR SERVER ... AS PRIMARY` defines it. */
  readonly serverName: string;

  /** The hosts of both partners. */
  readonly hosts: string[];

  /** The TCP port of both. */
  readonly port: number;

  /** Name of the database. */
  readonly databaseName: string;

  /**
   * For how long, in whole seconds, a connection is tried again while no host answers to the server name.
   *
   * @default Duration.seconds(60). SQL Anywhere's own is a single attempt. UNSOURCED
   */
  readonly retryTimeout?: Duration;

  /**
   * After how much silence, in whole seconds, a connection counts as broken.
   *
   * @default Duration.seconds(30). SQL Anywhere's own is two minutes. UNSOURCED
   */
  readonly livenessTimeout?: Duration;
}

const DEFAULT_RETRY_SECONDS = 60;
const DEFAULT_LIVENESS_SECONDS = 30;

/**
 * The ODBC data source by which the MobiLink servers reach the primary of the consolidated database. Holds no user and no
 * password: the supervisor adds them from the login secret.
 */
export class OdbcDataSource {
  /**
   * A MySQL database by MySQL Connector/ODBC or MariaDB Connector/ODBC. TLS is required and the server's name is checked
   * against its certificate.
   */
  public static mysql(options: MysqlDataSourceOptions): OdbcDataSource {
    return new OdbcDataSource(MobiLinkEngine.MYSQL, {
      SERVER: options.host,
      PORT: Tokenization.stringifyNumber(options.port),
      DATABASE: options.databaseName,
      SSLMODE: 'VERIFY_IDENTITY',
    });
  }

  /**
   * A SQL Server database by Microsoft ODBC Driver 18. TLS is required and the server's certificate is checked. A connection that breaks is
   * an error that mlsrv sees, never a new session behind its back. All addresses of the name are tried at once, for an availability group's
   * listener has one in each subnet (Microsoft, "DSN and Connection String Keywords and Attributes").
   */
  public static sqlServer(options: SqlServerDataSourceOptions): OdbcDataSource {
    return new OdbcDataSource(MobiLinkEngine.SQL_SERVER, {
      Server: `tcp:${options.host},${Tokenization.stringifyNumber(options.port)}`,
      Database: options.databaseName,
      Encrypt: 'yes',
      TrustServerCertificate: 'no',
      MultiSubnetFailover: 'Yes',
      ConnectRetryCount: '0',
      // Seconds: a host that vanished is noticed after ten.
      KeepAlive: '5',
      KeepAliveInterval: '1',
    });
  }

  /**
   * An Oracle database by SAP's own driver, over TLS: the supervisor makes the net service name of host, port and service. The server's
   * certificate is checked against the wallet in the image.
   */
  public static oracle(options: OracleDataSourceOptions): OdbcDataSource {
    return new OdbcDataSource(MobiLinkEngine.ORACLE, {
      HOST: options.host,
      PORT: Tokenization.stringifyNumber(options.port),
      SERVICE_NAME: options.serviceName,
      // MobiLink's scripts may call procedures that return rows (SAP, "SQL Anywhere driver for Oracle", 17.0).
      ProcResults: 'yes',
    });
  }

  /**
   * A mirrored SQL Anywhere database by SAP's own driver, which finds the primary itself: it asks both hosts for the server name that
   * only the primary has. Nothing stands between, least of all a load balancer.
   */
  public static sqlAnywhere(options: SqlAnywhereDataSourceOptions): OdbcDataSource {
    const port = Tokenization.stringifyNumber(options.port);
    const seconds = (duration: Duration | undefined, otherwise: number) =>
      Tokenization.stringifyNumber(duration?.toSeconds() ?? otherwise);
    return new OdbcDataSource(MobiLinkEngine.SQL_ANYWHERE, {
      SERVER: options.serverName,
      DBN: options.databaseName,
      HOST: options.hosts.map((host) => `${host}:${port}`).join(','),
      RetryConnTO: seconds(options.retryTimeout, DEFAULT_RETRY_SECONDS),
      LTO: seconds(options.livenessTimeout, DEFAULT_LIVENESS_SECONDS),
    });
  }

  private constructor(
    /** The database product, which decides on the driver. */
    public readonly engine: MobiLinkEngine,
    private readonly keys: { [key: string]: string },
  ) {}

  /**
   * Whether the server's certificate is checked against the certificates that the image holds.
   * @internal
   */
  public get _checksCertificates(): boolean {
    const { SSLMODE = '', TrustServerCertificate } = this.keys;
    return SSLMODE.startsWith('VERIFY_') || TrustServerCertificate === 'no';
  }

  /** The keys of the data source, as the image's farm environment (docs/farm-environment.md) has them. */
  public render(): { [key: string]: string } {
    return { ...this.keys };
  }
}
