import { Names, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { validatePair } from './database-rules';
import { type PairSettings, pairSettings } from './database-settings';
import { boot, scriptAssets } from './host-boot';
import { mirrorSql, serverNames, sqlFile } from './mirror-sql';
import { PairAlarms } from './pair-alarms';
import { PairNetwork } from './pair-network';
import { PairReplacement } from './pair-replacement';
import { SqlAnywhereBackups } from './sql-anywhere-backups';
import type { DatabaseMember, ISqlAnywhereDatabase } from './sql-anywhere-database';
import { SqlAnywhereHost } from './sql-anywhere-host';
import type { SqlAnywherePairProps } from './sql-anywhere-pair-props';
import { SqlAnywhereSecrets } from './sql-anywhere-secrets';
import { requireWayOutOfHosts, subnetPerZone } from './subnet-per-zone';

const STATE_FOLDER = '/var/lib/mobilink-ha/state';

/**
 * A SQL Anywhere database that is mirrored: two partners and an arbiter of their own, each on a host in its own Availability Zone.
 * SQL Anywhere decides who is primary; nothing here promotes. Mirroring is a separately licensed option of SAP's.
 *
 * No deployment stops or replaces a host. What needs a new host takes effect when the Automation document of
 * {@link replacement} is started, or when AWS replaces a host that failed.
 */
export class SqlAnywherePair extends Construct implements ISqlAnywhereDatabase {
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
  public readonly members: DatabaseMember[];

  /** The zone of the hosts' names. */
  public readonly zone: route53.IPrivateHostedZone;

  /** A name that follows the primary, kept by the primary tracker, for clients that cannot list two hosts. */
  public readonly aliasName: string;

  /** The login that MobiLink uses: JSON with `username` and `password`. */
  public readonly mobiLinkLogin: secretsmanager.ISecret;

  /** The administrator of the database: JSON with `username` and `password`. */
  public readonly administrator: secretsmanager.ISecret;

  /** The hosts of the two partners. */
  public readonly hosts: SqlAnywhereHost[];

  public readonly isMirrored: boolean = true;

  /** Whether a commit waits for the mirror. */
  public readonly isSynchronous: boolean;

  public readonly backupDays: number;

  public readonly logDays: number;

  /** The first partner. */
  public readonly first: SqlAnywhereHost;

  /** The second partner. */
  public readonly second: SqlAnywhereHost;

  /** The arbiter, which holds no data. */
  public readonly arbiter: SqlAnywhereHost;

  /** Where backups lie. */
  public readonly backups: SqlAnywhereBackups;

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

  private isRemote = false;

  constructor(scope: Construct, id: string, props: SqlAnywherePairProps) {
    super(scope, id);
    const settings = pairSettings(props);
    const subnets = subnetPerZone(props.vpc, props.vpcSubnets);
    validatePair(
      this,
      props,
      settings,
      subnets.map(({ availabilityZone }) => availabilityZone),
    );
    requireWayOutOfHosts(this, props, subnets);

    this.databaseId = Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    this.databaseName = settings.databaseName;
    this.port = settings.port;
    this.rolePort = settings.rolePort;
    this.isSynchronous = settings.synchronizationMode.reason === undefined;
    this.backupDays = settings.backupDays;
    this.logDays = settings.logDays;
    this.birthParameter = `/mobilink-ha/${this.databaseId}/birth`;
    const names = serverNames(this.databaseName);
    this.primaryServer = names.primary;

    this.zone =
      props.zone ?? new route53.PrivateHostedZone(this, 'Zone', { vpc: props.vpc, zoneName: settings.zoneName });
    this.aliasName = `primary.${settings.zoneName}`;
    const secrets = new SqlAnywhereSecrets(this, 'Secrets', {
      mobiLinkUser: settings.mobiLinkUser,
      encryptionKey: props.encryptionKey,
    });
    // What the three servers know each other by.
    const authentication = secrets.generate('Authentication', 'mirror');
    this.mobiLinkLogin = secrets.mobiLinkLogin;
    this.administrator = secrets.administrator;
    this.backups = new SqlAnywhereBackups(this, 'Backups', {
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
      new SqlAnywhereHost(this, name, {
        vpc: props.vpc,
        subnet,
        databaseId: this.databaseId,
        member,
        machineImage: props.machineImage,
        instanceType: partner
          ? (props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M7I, ec2.InstanceSize.LARGE))
          : (props.arbiterInstanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.SMALL)),
        securityGroup: partner ? network.partners : network.arbiter,
        hasStateFile: true,
        dataVolumeSize: partner ? settings.dataVolumeSize : undefined,
        encryptionKey: props.encryptionKey,
      });
    const zoneOf = (index: number) => subnets[index % subnets.length] as ec2.ISubnet;
    this.first = host('First', 'first', zoneOf(0), true);
    this.second = host('Second', 'second', zoneOf(1), true);
    this.arbiter = host('Arbiter', 'arbiter', zoneOf(2), false);
    this.hosts = [this.first, this.second];
    this.members = [this.first, this.second].map((it) => ({
      server: it === this.first ? names.first : names.second,
      host: `${it.member}.${settings.zoneName}`,
      availabilityZone: it.availabilityZone,
    }));
    this.boot(props, settings, secrets, authentication);
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
      members: this.hosts.map(({ member }) => member),
    });
  }

  /** @internal */
  public _holdsRemote(): void {
    this.isRemote = true;
    this.alarms._withoutTracker();
  }

  private boot(
    props: SqlAnywherePairProps,
    settings: PairSettings,
    secrets: SqlAnywhereSecrets,
    authentication: secretsmanager.ISecret,
  ): void {
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
    const database = {
      databaseId: this.databaseId,
      databaseName: this.databaseName,
      settings,
      software: props.software,
      zone: this.zone,
      birthParameter: this.birthParameter,
      secrets,
      backups: this.backups,
      logGroup: this.logGroup,
      scripts: scriptAssets(this),
      encryptionKey: props.encryptionKey,
      isRemote: () => this.isRemote,
    };
    for (const host of [this.first, this.second, this.arbiter]) {
      const isPartner = host !== this.arbiter;
      boot(database, {
        host,
        server: names[host.member as 'first' | 'second' | 'arbiter'],
        sql: isPartner ? sql : '',
        configuration: {
          PARTNER_SERVER: isPartner ? (host === this.first ? names.second : names.first) : '',
          FIRST_HOST: hostOf('first'),
          SECOND_HOST: hostOf('second'),
          ARBITER_HOST: hostOf('arbiter'),
          AUTHENTICATION_SECRET: authentication.secretArn,
        },
        secrets: [authentication],
        writesBirth: host === this.first,
      });
    }
  }
}
