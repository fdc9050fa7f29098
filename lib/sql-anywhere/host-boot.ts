import { Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { DatabaseSettings } from './database-settings';
import { hostScripts, userDataOf } from './host-configuration';
import { allowHost, logGroupArn } from './host-permissions';
import type { SqlAnywhereBackups } from './sql-anywhere-backups';
import type { SqlAnywhereHost } from './sql-anywhere-host';
import type { SqlAnywhereSecrets } from './sql-anywhere-secrets';
import type { SqlAnywhereSoftware } from './sql-anywhere-software';

/** A script of the hosts, where they fetch it. */
export interface HostScript {
  readonly name: string;
  readonly asset: Asset;
}

/** What all hosts of one database are told. */
export interface DatabaseOfHosts {
  readonly databaseId: string;
  readonly databaseName: string;
  readonly settings: DatabaseSettings;
  readonly software: SqlAnywhereSoftware;
  readonly zone: route53.IPrivateHostedZone;
  readonly birthParameter: string;
  readonly secrets: SqlAnywhereSecrets;
  readonly backups: SqlAnywhereBackups;
  readonly logGroup: logs.ILogGroup;
  readonly scripts: HostScript[];
  readonly encryptionKey?: kms.IKey;
  /** Asked at synth: a remote says so after its database was made. */
  readonly isRemote: () => boolean;
}

/** What one of them is told besides. */
export interface BootedHost {
  readonly host: SqlAnywhereHost;
  /** Name of its database server. */
  readonly server: string;
  readonly sql: string;
  /** Settings that only hosts of its kind have. */
  readonly configuration: { readonly [key: string]: string };
  /** Secrets that only hosts of its kind read. */
  readonly secrets: secretsmanager.ISecret[];
  /** Whether it gives birth to the database. */
  readonly writesBirth: boolean;
}

export function scriptAssets(scope: Construct): HostScript[] {
  return hostScripts().map(({ name, file }) => ({
    name,
    asset: new Asset(scope, `Script-${name.replace(/\.sh$/, '')}`, { path: file }),
  }));
}

/** What a host is told at its first boot, and what it may do. */
export function boot(database: DatabaseOfHosts, it: BootedHost): void {
  const { host } = it;
  const { settings, secrets, zone, scripts } = database;
  const stack = Stack.of(host);
  const holdsData = host.dataVolume !== undefined;
  const { bucket, objectKey } = database.software;
  host._runs(() =>
    userDataOf({
      region: stack.region,
      sql: it.sql,
      scripts: scripts.map(({ name, asset }) => ({ name, url: asset.s3ObjectUrl })),
      configuration: {
        ROLE: host.member,
        DATABASE: database.databaseName,
        SERVER: it.server,
        ZONE_ID: zone.hostedZoneId,
        RECORD: `${host.member}.${settings.zoneName}`,
        PORT: String(settings.port),
        ...it.configuration,
        REGION: stack.region,
        SYSTEM: database.databaseId,
        BIRTH_PARAMETER: database.birthParameter,
        UTILITY_SECRET: secrets.utility.secretArn,
        INSTALLER: bucket && objectKey ? bucket.s3UrlForObject(objectKey) : '',
        STATE_VOLUME: host.stateVolume?.volumeId ?? '',
        STACK: stack.stackName,
        LOGICAL_ID: host.signalName,
        LOG_GROUP: database.logGroup.logGroupName,
        ...(holdsData && ofData(database, host)),
      },
    }),
  );
  allowHost(host.role, {
    databaseId: database.databaseId,
    volumeIds: [host.stateVolume, host.dataVolume].flatMap((volume) => volume?.volumeId ?? []),
    zoneArn: zone.hostedZoneArn,
    recordName: `${host.member}.${settings.zoneName}`,
    secretArns: [
      ...it.secrets,
      secrets.utility,
      ...(holdsData ? [secrets.watcher, secrets.administrator, secrets.mobiLinkLogin] : []),
    ].map(({ secretArn }) => secretArn),
    birthParameter: database.birthParameter,
    writesBirth: it.writesBirth,
    readObjects: [
      ...scripts.map(({ asset }) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
      ...(bucket && objectKey ? [bucket.arnForObjects(objectKey)] : []),
    ],
    backupObjects: holdsData ? database.backups.bucket.arnForObjects('backups/*') : undefined,
    logGroupArn: logGroupArn(stack, database.logGroup.logGroupName),
    encryptionKey: database.encryptionKey,
    // Only a mirror fires the event that is told of.
    tellsOfFailovers: holdsData && host.stateVolume !== undefined,
  });
  // The group starts its host as soon as it is there, and the host needs all of this at once.
  const policy = host.role.node.tryFindChild('DefaultPolicy');
  if (policy) host.group.node.addDependency(policy);
}

/** Settings of hosts that hold data. */
function ofData({ settings, secrets, backups, isRemote }: DatabaseOfHosts, host: SqlAnywhereHost) {
  return {
    ROLE_PORT: String(settings.rolePort),
    DBA_SECRET: secrets.administrator.secretArn,
    WATCH_SECRET: secrets.watcher.secretArn,
    MOBILINK_SECRET: secrets.mobiLinkLogin.secretArn,
    DATA_VOLUME: host.dataVolume?.volumeId ?? '',
    BACKUP_URL: `s3://${backups.bucket.bucketName}/backups`,
    BACKUP_HOUR: String(settings.backupHour),
    LOG_DAYS: isRemote() ? '' : String(settings.logDays),
    HOLDS_REMOTE: isRemote() ? 'yes' : '',
    INIT_ARGUMENTS: settings.initOptions.join(' '),
    DATABASE_OPTIONS: settings.databaseOptions.join(' '),
  };
}
