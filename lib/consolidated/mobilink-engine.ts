/** The database products that MobiLink can use as consolidated database and that this package can run. */
export enum MobiLinkEngine {
  /** MySQL, on RDS or elsewhere. */
  MYSQL = 'mysql',

  /** Microsoft SQL Server, on RDS or elsewhere. */
  SQL_SERVER = 'sql-server',

  /** Oracle Database, on RDS or elsewhere. */
  ORACLE = 'oracle',

  /** SQL Anywhere, mirrored on EC2. */
  SQL_ANYWHERE = 'sql-anywhere',
}
