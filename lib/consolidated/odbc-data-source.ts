import { Tokenization } from 'aws-cdk-lib';
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

  private constructor(
    /** The database product, which decides on the driver. */
    public readonly engine: MobiLinkEngine,
    private readonly keys: { [key: string]: string },
  ) {}

  /** The keys of the data source as they stand in `odbc.ini`. */
  public render(): { [key: string]: string } {
    return { ...this.keys };
  }
}
