import { Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { hostScripts, userDataOf } from './host-configuration';
import { allowHost, logGroupArn } from './host-permissions';
import { mirrorSql, serverNames, sqlFile } from './mirror-sql';
import { PairAlarms } from './pair-alarms';
import { PairBackups } from './pair-backups';
import { PairHost } from './pair-host';
import { PairNetwork } from './pair-network';
import { PairReplacement } from './pair-replacement';
import { validatePair } from './pair-rules';
import { PairSecrets } from './pair-secrets';
import { type PairSettings, pairSettings } from './pair-settings';
import type { SqlAnywherePairProps } from './sql-anywhere-pair-props';

/** A partner of a pair, as the primary tracker asks for it. */
export interface PairMember {
  /** Name of the database server. */
  readonly server: string;
  /** Name of the host. */
  readonly host: string;
  /** Zone of the host. */
  readonly availabilityZone: string;
}

const STATE_FOLDER = '/var/lib/mobilink-ha/state';

/**
 * A SQL Anywhere database that is mirrored: two partners and an arbiter of their own, each on a host in its own Availability Zone.
 * SQL Anywhere decides who is primary; nothing here promotes. Mirroring is a separately licensed option of SAP's.
 *
 * No deployment stops or replaces a host. What needs a new host takes effect when the Automation document of
 * {@link replacement} is started, or when AWS replaces a host that failed.
 */
export class SqlAnywherePair extends Construct implements ec2.IConnectable {
  /** Key of everything that is recorded or measured about the pair. */
  public readonly databaseId: string;

  /** Name of the database. */
  public readonly databaseName: string;

  /** Name of the server by which clients find the primary, whichever host it is on. */
  public readonly primaryServer: string;

  /** TCP port of the database servers. */
  public readonly port: number;

  /** TCP port of the role service. */
  public readonly rolePort: number;

  /** The two partners. */
  public readonly members: PairMember[];

  /** The zone of the hosts' names. */
  public readonly zone: route53.IPrivateHostedZone;

  /** A name that follows the primary, kept by the primary tracker, for clients that cannot list two hosts. */
  public readonly aliasName: string;

  /** The login that MobiLink uses: JSON with `username` and `password`. */
  public readonly mobiLinkLogin: secretsmanager.ISecret;

  /** The administrator of the database: JSON with `username` and `password`. */
  public readonly administrator: secretsmanager.ISecret;

  /** The first partner. */
  public readonly first: PairHost;

  /** The second partner. */
  public readonly second: PairHost;

  /** The arbiter, which holds no data. */
  public readonly arbiter: PairHost;

  /** Where backups lie. */
  public readonly backups: PairBackups;

  /** Replaces the hosts one at a time when a person asks for it. */
  public readonly replacement: PairReplacement;

  /** What rings when the pair is not what it should be. */
  public readonly alarms: PairAlarms;

  /** The log of the hosts. */
  public readonly logGroup: logs.LogGroup;

  /** Clients reach the partners by the port of the database. */
  public readonly connections: ec2.Connections;

  /** Name of the Systems Manager parameter that says that the pair was born, see docs/pair.md. */
  public readonly birthParameter: string;

  constructor(scope: Construct, id: string, props: SqlAnywherePairProps) {
    super(scope, id);
    const settings = pairSettings(props);
    const subnets = subnetPerZone(props);
    validatePair(
      this,
      props,
      settings,
      subnets.map(({ availabilityZone }) => availabilityZone),
    );

    this.databaseId = Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    this.databaseName = settings.databaseName;
    this.port = settings.port;
    this.rolePort = settings.rolePort;
    this.birthParameter = `/mobilink-ha/${this.databaseId}/birth`;
    const names = serverNames(this.databaseName);
    this.primaryServer = names.primary;

    this.zone =
      props.zone ?? new route53.PrivateHostedZone(this, 'Zone', { vpc: props.vpc, zoneName: settings.zoneName });
    this.aliasName = `primary.${settings.zoneName}`;
    const secrets = new PairSecrets(this, 'Secrets', {
      mobiLinkUser: settings.mobiLinkUser,
      encryptionKey: props.encryptionKey,
    });
    this.mobiLinkLogin = secrets.mobiLinkLogin;
    this.administrator = secrets.administrator;
    this.backups = new PairBackups(this, 'Backups', {
      retentionDays: settings.backupDays,
      encryptionKey: props.encryptionKey,
    });
    this.logGroup = new logs.LogGroup(this, 'Log', {
      retention: props.logRetention ?? logs.RetentionDays.THREE_MONTHS,
      encryptionKey: props.logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const network = new PairNetwork(this, 'Network', { vpc: props.vpc, port: this.port });
    this.connections = new ec2.Connections({
      securityGroups: [network.partners],
      defaultPort: ec2.Port.tcp(this.port),
    });

    const host = (name: string, member: string, subnet: ec2.ISubnet, partner: boolean) =>
      new PairHost(this, name, {
        vpc: props.vpc,
        subnet,
        databaseId: this.databaseId,
        member,
        machineImage: props.machineImage,
        instanceType: partner
          ? (props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M7I, ec2.InstanceSize.LARGE))
          : (props.arbiterInstanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.SMALL)),
        securityGroup: partner ? network.partners : network.arbiter,
        dataVolumeSize: partner ? settings.dataVolumeSize : undefined,
        encryptionKey: props.encryptionKey,
      });
    const zoneOf = (index: number) => subnets[index % subnets.length] as ec2.ISubnet;
    this.first = host('First', 'first', zoneOf(0), true);
    this.second = host('Second', 'second', zoneOf(1), true);
    this.arbiter = host('Arbiter', 'arbiter', zoneOf(2), false);
    this.members = [this.first, this.second].map((it) => ({
      server: it === this.first ? names.first : names.second,
      host: `${it.member}.${settings.zoneName}`,
      availabilityZone: it.availabilityZone,
    }));
    this.boot(props, settings, secrets);
    // The arbiter alone is not enough for the first partner, nor is the first partner for the second one's copy.
    this.first.group.node.addDependency(this.arbiter.group);
    this.second.group.node.addDependency(this.first.group);

    this.replacement = new PairReplacement(this, 'Replacement', {
      databaseId: this.databaseId,
      arbiter: this.arbiter.group,
      first: this.first.group,
      second: this.second.group,
      livenessSeconds: settings.livenessSeconds,
    });
    this.alarms = new PairAlarms(this, 'Alarms', {
      ...props.alarms,
      databaseId: this.databaseId,
      logRetentionDays: settings.logDays,
    });
  }

  /** What each host is told at its first boot, and what it may do. */
  private boot(props: SqlAnywherePairProps, settings: PairSettings, secrets: PairSecrets): void {
    const stack = Stack.of(this);
    const names = serverNames(this.databaseName);
    const hostOf = (member: string) => `${member}.${settings.zoneName}`;
    const sql = sqlFile(
      mirrorSql({
        databaseName: this.databaseName,
        hosts: { first: hostOf('first'), second: hostOf('second'), arbiter: hostOf('arbiter') },
        port: this.port,
        livenessSeconds: settings.livenessSeconds,
        synchronizationMode: settings.synchronizationMode.value,
        autoFailover: settings.synchronizationMode.reason !== undefined,
        stateFolder: STATE_FOLDER,
        mobiLinkUser: settings.mobiLinkUser,
      }),
    );
    const scripts = hostScripts().map(({ name, file }) => ({
      name,
      asset: new Asset(this, `Script-${name.replace(/\.sh$/, '')}`, { path: file }),
    }));
    const backupUrl = `s3://${this.backups.bucket.bucketName}/backups`;
    const { bucket, objectKey } = props.software;
    for (const it of [this.first, this.second, this.arbiter]) {
      const isPartner = it.dataVolume !== undefined;
      const other = it === this.first ? names.second : names.first;
      it._runs(
        userDataOf({
          region: stack.region,
          sql: isPartner ? sql : '',
          scripts: scripts.map(({ name, asset }) => ({ name, url: asset.s3ObjectUrl })),
          configuration: {
            ROLE: it.member,
            DATABASE: this.databaseName,
            SERVER: names[it.member as 'first' | 'second' | 'arbiter'],
            PARTNER_SERVER: isPartner ? other : '',
            ZONE_ID: this.zone.hostedZoneId,
            RECORD: hostOf(it.member),
            FIRST_HOST: hostOf('first'),
            SECOND_HOST: hostOf('second'),
            ARBITER_HOST: hostOf('arbiter'),
            PORT: String(this.port),
            ROLE_PORT: isPartner ? String(this.rolePort) : '',
            REGION: stack.region,
            SYSTEM: this.databaseId,
            BIRTH_PARAMETER: this.birthParameter,
            DBA_SECRET: isPartner ? secrets.administrator.secretArn : '',
            AUTHENTICATION_SECRET: secrets.authentication.secretArn,
            UTILITY_SECRET: secrets.utility.secretArn,
            WATCH_SECRET: isPartner ? secrets.watcher.secretArn : '',
            MOBILINK_SECRET: isPartner ? secrets.mobiLinkLogin.secretArn : '',
            INSTALLER: bucket && objectKey ? bucket.s3UrlForObject(objectKey) : '',
            DATA_VOLUME: it.dataVolume?.volumeId ?? '',
            STATE_VOLUME: it.stateVolume.volumeId,
            STACK: stack.stackName,
            LOGICAL_ID: it.signalName,
            BACKUP_URL: isPartner ? backupUrl : '',
            BACKUP_HOUR: isPartner ? String(settings.backupHour) : '',
            LOG_DAYS: isPartner ? String(settings.logDays) : '',
            INIT_ARGUMENTS: isPartner ? settings.initOptions.join(' ') : '',
            DATABASE_OPTIONS: isPartner ? settings.databaseOptions.join(' ') : '',
            LOG_GROUP: this.logGroup.logGroupName,
          },
        }),
      );
      allowHost(it.role, {
        databaseId: this.databaseId,
        volumeIds: [it.stateVolume.volumeId, ...(it.dataVolume ? [it.dataVolume.volumeId] : [])],
        zoneArn: this.zone.hostedZoneArn,
        recordName: hostOf(it.member),
        secretArns: [
          secrets.authentication.secretArn,
          secrets.utility.secretArn,
          ...(isPartner
            ? [secrets.watcher.secretArn, secrets.administrator.secretArn, secrets.mobiLinkLogin.secretArn]
            : []),
        ],
        birthParameter: this.birthParameter,
        writesBirth: it === this.first,
        readObjects: [
          ...scripts.map(({ asset }) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
          ...(bucket && objectKey ? [bucket.arnForObjects(objectKey)] : []),
        ],
        backupObjects: isPartner ? this.backups.bucket.arnForObjects('backups/*') : undefined,
        logGroupArn: logGroupArn(stack, this.logGroup.logGroupName),
        encryptionKey: props.encryptionKey,
        tellsOfFailovers: isPartner,
      });
      // The group starts its host as soon as it is there, and the host needs all of this at once.
      const policy = it.role.node.tryFindChild('DefaultPolicy');
      if (policy) it.group.node.addDependency(policy);
    }
  }
}

/** The first subnet of each zone, in the order of the selection. */
function subnetPerZone(props: SqlAnywherePairProps): ec2.ISubnet[] {
  const { subnets } = props.vpc.selectSubnets(props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS });
  const found = new Map<string, ec2.ISubnet>();
  for (const subnet of subnets) {
    if (!found.has(subnet.availabilityZone)) found.set(subnet.availabilityZone, subnet);
  }
  return [...found.values()];
}
