import { identifier, literal, secretLiteral } from './sql-text';

/** What defines a mirror. Every value is known at synth. */
export interface MirrorDefinition {
  readonly databaseName: string;
  readonly hosts: { readonly first: string; readonly second: string; readonly arbiter: string };
  readonly port: number;
  /** Seconds of silence after which a link of the mirror counts as broken. */
  readonly livenessSeconds: number;
  readonly synchronizationMode: string;
  /** Given in asynchronous modes only, where nothing fails over by itself otherwise. */
  readonly autoFailover: boolean;
  readonly stateFolder: string;
  readonly mobiLinkUser: string;
}

/** The servers and aliases of a pair. The first partner's name sorts before the second's: decision 7. */
export function serverNames(databaseName: string) {
  return {
    primary: `${databaseName}_primary`,
    mirror: `${databaseName}_mirror`,
    first: `${databaseName}_first`,
    second: `${databaseName}_second`,
    arbiter: `${databaseName}_arbiter`,
  };
}

/** The owner of the role service: a user without any privilege. */
const WATCHER = 'mobilink_ha_watch';

/** The path of the role service, which the tracker asks; a name of the database. */
export const ROLE_SERVICE = 'mobilink_ha_role';

/** Placeholders of secrets, which the host fills in. */
export const SECRETS = {
  authentication: 'AUTHENTICATION_STRING',
  mobiLink: 'MOBILINK_PASSWORD',
  watcher: 'WATCH_PASSWORD',
};

/**
 * The SQL that makes a database the first partner of a mirror, gives it its role service and its users. Each statement can be
 * repeated, so that a bootstrap that was stopped goes on.
 *
 * - The time-out of the links stands in the mirror's own connection strings, since those decide when a dead partner is noticed
 *   (SQL Anywhere 12, "Database mirroring scenarios"): 2 minutes unless told otherwise.
 * - No partner is preferred: it would take its role back when it returns, which breaks all connections a second time
 *   (SQL Anywhere 16, "Preferred database server").
 */
export function mirrorSql(it: MirrorDefinition): string[] {
  const names = serverNames(it.databaseName);
  const hosts = `${it.hosts.first}:${it.port},${it.hosts.second}:${it.port}`;
  const alias = (name: string, type: string) =>
    `CREATE OR REPLACE MIRROR SERVER ${identifier(name)} AS ${type} connection_string=${literal(`SERVER=${name};HOST=${hosts}`)}`;
  const server = (name: string, type: string, host: string) =>
    `CREATE OR REPLACE MIRROR SERVER ${identifier(name)} AS ${type} connection_string=` +
    literal(`SERVER=${name};HOST=${host}:${it.port};LTO=${it.livenessSeconds}`);
  const partner = (name: string, host: string) =>
    `${server(name, 'PARTNER', host)} state_file=${literal(`${it.stateFolder}/${name}.state`)}`;
  return [
    alias(names.primary, 'PRIMARY'),
    alias(names.mirror, 'MIRROR'),
    partner(names.first, it.hosts.first),
    partner(names.second, it.hosts.second),
    server(names.arbiter, 'ARBITER', it.hosts.arbiter),
    `SET MIRROR OPTION synchronization_mode=${literal(it.synchronizationMode)}`,
    ...(it.autoFailover ? [`SET MIRROR OPTION auto_failover=${literal('on')}`] : []),
    `SET MIRROR OPTION authentication_string=${secretLiteral(SECRETS.authentication)}`,
    ...databaseSql(it.mobiLinkUser),
    // It fires when a server takes the role, the first start included; the handler's transaction ends before a command is waited for.
    `CREATE OR REPLACE EVENT "mobilink_ha_failover" TYPE MirrorFailover HANDLER BEGIN COMMIT; ` +
      `CALL xp_cmdshell(${literal('/bin/bash /opt/mobilink-ha/tell-failover.sh')}, ${literal('no_output')}); END`,
  ];
}

/** The SQL that gives any database its users and its role service. Each statement can be repeated. */
export function databaseSql(mobiLinkUser: string): string[] {
  const user = (name: string, secret: string) =>
    `GRANT CONNECT TO ${identifier(name)} IDENTIFIED BY ${secretLiteral(secret)}`;
  const service = `${identifier(WATCHER)}.${identifier(ROLE_SERVICE)}()`;
  return [
    // Offline logs are deleted by back-up.sh, which knows how old backups are and whether the mirror is synchronized.
    `SET OPTION PUBLIC.delete_old_logs=${literal('Off')}`,
    user(mobiLinkUser, SECRETS.mobiLink),
    `GRANT ROLE SYS_AUTH_RESOURCE_ROLE TO ${identifier(mobiLinkUser)}`,
    user(WATCHER, SECRETS.watcher),
    `CREATE OR REPLACE PROCEDURE ${service} RESULT ("line" LONG VARCHAR) BEGIN SELECT ${roleLine()}; END`,
    `CREATE OR REPLACE SERVICE ${identifier(ROLE_SERVICE)} TYPE 'RAW' AUTHORIZATION OFF USER ${identifier(WATCHER)} AS CALL ${service}`,
  ];
}

/** One line that says who this server is and what it sees; the tracker reads it, and so do the scripts of the hosts. */
export function roleLine(): string {
  const property = (key: string, name: string) =>
    `${literal(`;${key}=`)} || LOWER(COALESCE(DB_PROPERTY(${literal(name)}), ${literal('none')}))`;
  return [
    `${literal('server=')} || PROPERTY(${literal('Name')})`,
    property('role', 'MirrorRole'),
    property('state', 'MirrorState'),
    property('partner', 'PartnerState'),
    property('arbiter', 'ArbiterState'),
    property('mode', 'MirrorMode'),
    `${literal(';clock=')} || DATEFORMAT(CURRENT UTC TIMESTAMP, ${literal('YYYY-MM-DD HH:NN:SS.SSS')})`,
  ].join(' || ');
}

/** As the file of the host holds it: each statement ended by `go`, which dbisql takes for the end of one. */
export function sqlFile(statements: string[]): string {
  return statements.map((statement) => `${statement}\ngo\n`).join('');
}
