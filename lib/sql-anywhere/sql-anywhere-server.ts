import { Names, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { validateServer } from './database-rules';
import { databaseSettings } from './database-settings';
import { boot, scriptAssets } from './host-boot';
import { databaseSql, sqlFile } from './mirror-sql';
import { PairAlarms } from './pair-alarms';
import { SqlAnywhereBackups } from './sql-anywhere-backups';
import type { DatabaseMember, ISqlAnywhereDatabase } from './sql-anywhere-database';
import { SqlAnywhereHost } from './sql-anywhere-host';
import { SqlAnywhereSecrets } from './sql-anywhere-secrets';
import type { SqlAnywhereServerProps } from './sql-anywhere-server-props';
import { requireWayOutOfHosts, subnetPerZone } from './subnet-per-zone';

/**
 * A SQL Anywhere database on one server, without a mirror: a third of a pair's cost, and away while its host is replaced, for as long as
 * its Availability Zone is lost. AWS replaces a host that fails; its volume outlives it. Losing the volume means a restore from the
 * backup of the night, by a person (docs/pair.md).
 *
 * No deployment stops or replaces the host: what needs a new one takes effect when the instance is ended by hand.
 */
export class SqlAnywhereServer extends Construct implements ISqlAnywhereDatabase {
  public readonly databaseId: string;
  public readonly databaseName: string;
  public readonly primaryServer: string;
  public readonly port: number;
  public readonly rolePort: number;
  public readonly members: DatabaseMember[];
  public readonly zone: route53.IPrivateHostedZone;
  public readonly aliasName: string;
  public readonly mobiLinkLogin: secretsmanager.ISecret;
  public readonly administrator: secretsmanager.ISecret;
  public readonly hosts: SqlAnywhereHost[];
  public readonly isMirrored: boolean = false;
  public readonly isSynchronous: boolean = true;
  public readonly backupDays: number;
  public readonly logDays: number;
  public readonly connections: ec2.Connections;

  /** The host. */
  public readonly host: SqlAnywhereHost;

  /** Where backups lie. */
  public readonly backups: SqlAnywhereBackups;

  /** What rings when the server is not what it should be. */
  public readonly alarms: PairAlarms;

  /** The log of the host. */
  public readonly logGroup: logs.LogGroup;

  /** Name of the Systems Manager parameter that says that the database was born, see docs/pair.md. */
  public readonly birthParameter: string;

  private isRemote = false;

  constructor(scope: Construct, id: string, props: SqlAnywhereServerProps) {
    super(scope, id);
    const settings = databaseSettings(props);
    const [subnet, ...further] = subnetPerZone(props.vpc, props.vpcSubnets);
    validateServer(
      this,
      props,
      settings,
      [subnet, ...further].flatMap((it) => it?.availabilityZone ?? []),
    );
    requireWayOutOfHosts(this, props, subnet ? [subnet] : []);

    this.databaseId = Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    this.databaseName = settings.databaseName;
    this.primaryServer = `${this.databaseName}_single`;
    this.port = settings.port;
    this.rolePort = settings.rolePort;
    this.backupDays = settings.backupDays;
    this.logDays = settings.logDays;
    this.birthParameter = `/mobilink-ha/${this.databaseId}/birth`;
    this.zone =
      props.zone ?? new route53.PrivateHostedZone(this, 'Zone', { vpc: props.vpc, zoneName: settings.zoneName });
    this.aliasName = `primary.${settings.zoneName}`;

    const secrets = new SqlAnywhereSecrets(this, 'Secrets', {
      mobiLinkUser: settings.mobiLinkUser,
      encryptionKey: props.encryptionKey,
    });
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
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'A single SQL Anywhere server',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'The APIs of AWS and its package repository');
    this.connections = new ec2.Connections({
      securityGroups: [securityGroup],
      defaultPort: ec2.Port.tcp(this.port),
    });
    this.host = new SqlAnywhereHost(this, 'Single', {
      vpc: props.vpc,
      subnet: subnet as ec2.ISubnet,
      databaseId: this.databaseId,
      member: 'single',
      hasStateFile: false,
      machineImage: props.machineImage,
      instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M7I, ec2.InstanceSize.LARGE),
      securityGroup,
      dataVolumeSize: settings.dataVolumeSize,
      encryptionKey: props.encryptionKey,
    });
    this.hosts = [this.host];
    this.members = [
      {
        server: this.primaryServer,
        host: `${this.host.member}.${settings.zoneName}`,
        availabilityZone: this.host.availabilityZone,
      },
    ];
    boot(
      {
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
      },
      {
        host: this.host,
        server: this.primaryServer,
        sql: sqlFile(databaseSql(settings.mobiLinkUser)),
        configuration: {},
        secrets: [],
        writesBirth: true,
      },
    );
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
}
