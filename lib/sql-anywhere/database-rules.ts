import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import type { DatabaseSettings, PairSettings } from './database-settings';
import type { SqlAnywhereDatabaseProps } from './sql-anywhere-database-props';
import type { SqlAnywherePairProps } from './sql-anywhere-pair-props';
import type { SqlAnywhereServerProps } from './sql-anywhere-server-props';

/** Of `dbsrv17`: what the pair sets itself, and what would end its life as a service. */
const OWN_OPTIONS = ['-n', '-x', '-xs', '-su', '-o', '-xp', '-xa', '-xf', '-sn', '-ud'];
const OWN_INIT_OPTIONS = ['-dba', '-t', '-n', '-m'];
/** One option, its value after a space; nothing that a shell, a file of arguments or a configuration could take apart. */
const OPTION = /^-[A-Za-z]{1,8}\+?( [A-Za-z0-9_.,:=%/-]{1,200})?$/;

/** Everything that is wrong with the props of a pair, in one error. */
export function validatePair(
  scope: Construct,
  props: SqlAnywherePairProps,
  settings: PairSettings,
  zones: string[],
): void {
  const problems = new Problems(scope);
  requireZones(problems, props, zones);
  requireNumbers(problems, [
    ['livenessTimeout', settings.livenessSeconds, 5, 600, 'leave it out for Duration.seconds(30)'],
  ]);
  requireDays(problems, [['longestMirrorOutage', settings.outageDays]]);
  requireDatabase(problems, props, settings, settings.outageDays);
  requireReasons(problems, props, settings);
  problems.throwIfAny();
}

/** Everything that is wrong with the props of a single server, in one error. */
export function validateServer(
  scope: Construct,
  props: SqlAnywhereServerProps,
  settings: DatabaseSettings,
  zones: string[],
): void {
  const problems = new Problems(scope);
  problems.require(zones.length > 0, {
    id: 'MobiLink:Server:Subnet',
    prop: 'vpcSubnets',
    rule: 'must select a subnet',
    value: zones.length,
    fix: 'give the VPC private subnets with egress, or select others',
  });
  requireDatabase(problems, props, settings, 0);
  problems.throwIfAny();
}

function requireDatabase(
  problems: Problems,
  props: SqlAnywhereDatabaseProps,
  settings: DatabaseSettings,
  outageDays: number,
): void {
  requireNames(problems, props, settings);
  requireNumbers(problems, [
    ['port', settings.port, 1024, 65535, 'leave it out for 2638'],
    ['rolePort', settings.rolePort, 1024, 65535, 'leave it out for 8090'],
    ['dataVolumeSize', settings.dataVolumeSize, 8, 65536, 'leave it out for 100 GiB'],
    ['backupHour', settings.backupHour, 0, 23, 'give the hour of the day in UTC'],
  ]);
  problems.require(settings.port !== settings.rolePort, {
    id: 'MobiLink:Pair:PortTwice',
    prop: 'rolePort',
    rule: 'must differ from port',
    value: props.rolePort ?? settings.rolePort,
    fix: 'leave it out for 8090',
  });
  requireRetention(problems, props, settings, outageDays);
  requireOptions(problems, 'databaseOptions', settings.databaseOptions, OWN_OPTIONS);
  requireOptions(problems, 'initOptions', settings.initOptions, OWN_INIT_OPTIONS);
}

function requireZones(problems: Problems, props: SqlAnywherePairProps, zones: string[]): void {
  problems.require(zones.length >= (props.fewerZonesReason === undefined ? 3 : 1), {
    id: 'MobiLink:Pair:AvailabilityZones',
    prop: 'vpcSubnets',
    rule: 'must lie in three Availability Zones: with the arbiter beside a partner, losing that zone stops the database',
    value: zones.length,
    fix: 'give the VPC three zones (without env a stack gets two: pass availabilityZones as bin/mobilink-ha.ts does), or say why in fewerZonesReason',
  });
}

function requireNames(problems: Problems, props: SqlAnywhereDatabaseProps, settings: DatabaseSettings): void {
  for (const [prop, value, pattern, rule, otherwise] of [
    [
      'databaseName',
      props.databaseName,
      /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
      '1 to 64 letters, digits or underscores and begin with a letter',
      'consolidated',
    ],
    [
      'mobiLinkUser',
      props.mobiLinkUser,
      /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
      '1 to 64 letters, digits or underscores and begin with a letter',
      'mobilink',
    ],
    [
      'zoneName',
      props.zoneName,
      /^(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
      'a domain name in lower case, without a dot at its end',
      'mobilink-ha.internal',
    ],
  ] as const) {
    problems.require(value === undefined || (!Token.isUnresolved(value) && pattern.test(value)), {
      id: ruleOf(prop),
      prop,
      rule: `must be ${rule}, known at synth`,
      value: Token.isUnresolved(value) ? 'a token' : value,
      fix: `leave it out for '${otherwise}'`,
    });
  }
  problems.require(props.zone === undefined || !Token.isUnresolved(settings.zoneName), {
    id: 'MobiLink:Pair:Zone',
    prop: 'zone',
    rule: 'must have a name that is known at synth: it stands in the SQL of the mirror',
    value: 'a token',
    fix: 'import it with PrivateHostedZone.fromHostedZoneAttributes and its name',
  });
  problems.require(props.zone === undefined || props.zoneName === undefined, {
    id: 'MobiLink:Pair:ZoneTwice',
    prop: 'zoneName',
    rule: 'must not be given beside zone',
    value: props.zoneName,
    fix: 'leave one of them out',
  });
  const user = settings.mobiLinkUser.toLowerCase();
  problems.require(user !== 'dba' && user !== 'mobilink_ha_watch', {
    id: 'MobiLink:Pair:MobiLinkUserTaken',
    prop: 'mobiLinkUser',
    rule: 'must be neither the administrator nor the user of the role service',
    value: settings.mobiLinkUser,
    fix: "leave it out for 'mobilink'",
  });
}

function requireNumbers(
  problems: Problems,
  numbers: (readonly [prop: string, value: number, lowest: number, highest: number, fix: string])[],
): void {
  for (const [prop, value, lowest, highest, fix] of numbers) {
    problems.require(!Token.isUnresolved(value), {
      id: 'MobiLink:Pair:Unknown',
      prop,
      rule: 'must be known at synth',
      value: 'a token',
      fix: 'write it as a number',
    });
    requireWhole(problems, value, { id: ruleOf(prop), prop, lowest, highest, fix });
  }
}

function requireRetention(
  problems: Problems,
  props: SqlAnywhereDatabaseProps,
  { backupDays, logDays }: DatabaseSettings,
  outageDays: number,
): void {
  requireDays(problems, [
    ['backupRetention', backupDays],
    ['offlineLogRetention', logDays],
  ]);
  const needed = Math.max(backupDays, outageDays);
  problems.require(logDays > needed, {
    id: 'MobiLink:Pair:OfflineLogRetention',
    prop: 'offlineLogRetention',
    rule: `must be longer than backupRetention (${backupDays} days)${outageDays > 0 ? ` and than longestMirrorOutage (${outageDays} days)` : ''}`,
    value: props.offlineLogRetention?.toHumanString(),
    fix: `leave it out for ${needed + 7} days, or give at least Duration.days(${Math.floor(needed) + 1})`,
  });
}

function requireDays(problems: Problems, days: (readonly [prop: string, value: number])[]): void {
  for (const [prop, value] of days) {
    requireWhole(problems, value, {
      id: ruleOf(prop),
      prop,
      lowest: 1,
      highest: 3650,
      fix: 'give whole days with Duration.days',
    });
  }
}

function requireReasons(problems: Problems, props: SqlAnywherePairProps, settings: PairSettings): void {
  for (const [prop, reason] of [
    ['fewerZonesReason', props.fewerZonesReason],
    ['synchronizationMode', settings.synchronizationMode.reason],
  ] as const) {
    const text = known(reason);
    problems.require(text === undefined || text.trim() !== '', {
      id: 'MobiLink:Pair:Reason',
      prop,
      rule: 'must say why',
      value: text,
      fix: 'write the reason for whoever reads the code after an outage, or leave the prop out',
    });
  }
}

function requireOptions(problems: Problems, prop: string, options: string[], own: string[]): void {
  // User data has room for 16 KB in all (EC2 User Guide, "Run commands when you launch an EC2 instance").
  problems.require(options.join(' ').length <= 2000, {
    id: `${ruleOf(prop)}Length`,
    prop,
    rule: 'must be at most 2000 characters together',
    value: options.join(' ').length,
    fix: 'leave out what is a default',
  });
  for (const option of options) {
    const [name = ''] = option.split(' ');
    problems.require(OPTION.test(option) && !own.includes(name), {
      id: ruleOf(prop),
      prop,
      rule: `must be one option each, as in '-c 4G', and none of ${own.join(' ')}`,
      value: option,
      fix: 'leave out what the pair sets itself; write an option and its value in one text',
    });
  }
}

function ruleOf(prop: string): string {
  return `MobiLink:Pair:${prop.charAt(0).toUpperCase()}${prop.slice(1)}`;
}
