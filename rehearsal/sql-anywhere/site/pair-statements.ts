export interface PairStatementsProps {
  readonly database: string;
  readonly zone: string;
  /** LTO of the servers' own connection strings, in seconds. */
  readonly liveness: number;
  readonly authentication: string;
  /** What the MirrorFailover event runs. @default - there is no event */
  readonly failoverCommand?: string;
}

export const MOBILINK_USER = `GRANT CONNECT TO "mobilink" IDENTIFIED BY 'mobilink-secret'`;

/** The definition of a pair as a host runs it, for those who test without the construct library. */
export function pairStatements({
  database,
  zone,
  liveness,
  authentication,
  failoverCommand,
}: PairStatementsProps): string[] {
  const both = `first.${zone}:2638,second.${zone}:2638`;
  const alias = (role: string) =>
    `CREATE OR REPLACE MIRROR SERVER "${database}_${role}" AS ${role.toUpperCase()} connection_string='SERVER=${database}_${role};HOST=${both}'`;
  const server = (role: string, type: string) =>
    `CREATE OR REPLACE MIRROR SERVER "${database}_${role}" AS ${type} connection_string='SERVER=${database}_${role};HOST=${role}.${zone}:2638;LTO=${liveness}'`;
  const partner = (role: string) =>
    `${server(role, 'PARTNER')} state_file='/var/lib/mobilink-ha/state/${database}_${role}.state'`;
  const event = `CREATE OR REPLACE EVENT "mobilink_ha_failover" TYPE MirrorFailover HANDLER BEGIN COMMIT; CALL xp_cmdshell('${failoverCommand}', 'no_output'); END`;
  return [
    alias('primary'),
    alias('mirror'),
    partner('first'),
    partner('second'),
    server('arbiter', 'ARBITER'),
    "SET MIRROR OPTION synchronization_mode='synchronous'",
    `SET MIRROR OPTION authentication_string='${authentication}'`,
    "SET OPTION PUBLIC.delete_old_logs='Off'",
    MOBILINK_USER,
    'GRANT ROLE SYS_AUTH_RESOURCE_ROLE TO "mobilink"',
    `GRANT CONNECT TO "mobilink_ha_watch" IDENTIFIED BY 'watch-secret'`,
    `CREATE OR REPLACE PROCEDURE "mobilink_ha_watch"."mobilink_ha_role"() RESULT ("line" LONG VARCHAR) BEGIN SELECT ${ROLE_LINE} AS "line" END`,
    `CREATE OR REPLACE SERVICE "mobilink_ha_role" TYPE 'RAW' AUTHORIZATION OFF USER "mobilink_ha_watch" AS CALL "mobilink_ha_watch"."mobilink_ha_role"()`,
    ...(failoverCommand === undefined ? [] : [event]),
  ];
}

const ROLE_LINE = [
  `'server=' || PROPERTY('Name')`,
  ...Object.entries({
    role: 'MirrorRole',
    state: 'MirrorState',
    partner: 'PartnerState',
    arbiter: 'ArbiterState',
    mode: 'MirrorMode',
  }).map(([key, property]) => `';${key}=' || LOWER(COALESCE(DB_PROPERTY('${property}'),'none'))`),
  `';clock=' || DATEFORMAT(CURRENT UTC TIMESTAMP,'YYYY-MM-DD HH:NN:SS.SSS')`,
].join(' || ');
