import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { DatabaseMember } from '../sql-anywhere/sql-anywhere-database';
import { known } from '../validation/problems';
import { EVENT_SOURCE, MIRROR_FAILOVER } from './contract';

/** SQL Anywhere servers, as the primary tracker asks for them. */
export interface SqlAnywhereSourceOptions {
  /** Key of the primary record; the pair's own events carry it. */
  readonly databaseId: string;

  /** The two partners of a mirrored pair, or a single server. An answer of any server but these does not count. */
  readonly partners: DatabaseMember[];

  /** The partners' side of the network. The tracker opens the port of the role service. */
  readonly members: ec2.IConnectable;

  /** TCP port of the database. */
  readonly port: number;

  /** TCP port of the role service, known at synth. */
  readonly rolePort: number;

  /** The private zone of the alias. */
  readonly zone: route53.IHostedZone;

  /** The name that the tracker leads to the primary, in this zone. */
  readonly aliasName: string;
}

/** A Multi-AZ DB cluster, as the primary tracker asks for it. */
export interface RdsClusterSourceOptions {
  /** The ARN of the cluster. */
  readonly clusterArn: string;

  /** Its identifier, in lower case as RDS stores it. */
  readonly clusterIdentifier: string;
}

/**
 * The switch-over of a blue/green deployment: another database takes over the name. Its events name the deployment, which is made by
 * hand and long after this one (RDS User Guide, "Overview of Amazon RDS Blue/Green Deployments" and its events 0247 to 0261).
 */
const BLUE_GREEN: events.EventPattern = {
  source: ['aws.rds'],
  detailType: ['RDS Blue Green Deployment Event'],
  detail: {
    EventID: ['0247', '0248', '0249', '0250', '0251', '0252', '0259', '0260', '0261'].map((id) => `RDS-EVENT-${id}`),
  },
};

/** Members that the tracker asks itself, from inside their network. */
interface AskedMembers {
  readonly connectable: ec2.IConnectable;
  readonly port: number;
}

/** What the RDS API is asked for several databases at once. */
interface ListedDatabase {
  readonly action: string;
  /** As ARNs of the kind say: `db` or `cluster`. */
  readonly resource: string;
  readonly members: string[];
}

interface Grant {
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: { [operator: string]: unknown };
}

/** Where the primary tracker learns which member of a consolidated database is primary. */
export class PrimarySource {
  /**
   * An RDS instance in Multi-AZ mode: `DescribeDBInstances` says in which Availability Zone the primary is, and its events
   * are hints to look.
   */
  public static rdsInstance(instance: rds.IDatabaseInstance): PrimarySource {
    return new PrimarySource(
      { kind: 'rds-instance', instanceArn: instance.instanceArn, instanceIdentifier: instance.instanceIdentifier },
      // RDS events reach EventBridge "best effort"; they are matched by ARN because SourceIdentifier is written in two ways
      // in AWS's own samples (RDS User Guide, USER_Events.overview and rds-cloud-watch-events).
      { source: ['aws.rds'], detailType: ['RDS DB Instance Event'], resources: [instance.instanceArn] },
      [{ actions: ['rds:DescribeDBInstances'], resources: [instance.instanceArn] }],
      BLUE_GREEN,
      undefined,
      { action: 'rds:DescribeDBInstances', resource: 'db', members: [instance.instanceIdentifier] },
    );
  }

  /**
   * A Multi-AZ DB cluster: `DescribeDBClusters` says which member is the writer, and its events are hints to look.
   */
  public static rdsCluster(options: RdsClusterSourceOptions): PrimarySource {
    const { clusterArn, clusterIdentifier } = options;
    return new PrimarySource(
      { kind: 'rds-cluster', clusterArn, clusterIdentifier },
      { source: ['aws.rds'], detailType: ['RDS DB Cluster Event'], resources: [clusterArn] },
      [{ actions: ['rds:DescribeDBClusters'], resources: [clusterArn] }],
      BLUE_GREEN,
      undefined,
      {
        action: 'rds:DescribeDBClusters',
        resource: 'cluster',
        // A writer and two readers, as RDS names what it makes (the alarm on their lag relies on it too).
        members: [1, 2, 3].map((index) => `${clusterIdentifier}-instance-${index}`),
      },
    );
  }

  /**
   * A mirrored pair of SQL Anywhere servers: the role services of both partners are asked over HTTP, from inside the VPC, and the
   * pair's own event is a hint to look. The tracker leads a name to whoever is primary. A single server without a mirror is primary
   * whenever it answers.
   */
  public static sqlAnywhere(options: SqlAnywhereSourceOptions): PrimarySource {
    const { databaseId, partners, members, port, rolePort, zone, aliasName } = options;
    const alias = { zoneId: zone.hostedZoneId, name: aliasName };
    const description = {
      kind: 'sql-anywhere',
      databaseId,
      members: partners,
      databasePort: port,
      rolePort,
      alias,
    };
    return new PrimarySource(
      description,
      { source: [EVENT_SOURCE], detailType: [MIRROR_FAILOVER], detail: { databaseId: [databaseId] } },
      [
        {
          actions: ['route53:ChangeResourceRecordSets'],
          resources: [zone.hostedZoneArn],
          conditions: {
            'ForAllValues:StringEquals': {
              // Route 53 compares with names in lower case (Route 53 Developer Guide, "Using IAM policy conditions").
              'route53:ChangeResourceRecordSetsNormalizedRecordNames': [known(aliasName)?.toLowerCase() ?? aliasName],
              'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
              'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
            },
          },
        },
      ],
      undefined,
      { connectable: members, port: rolePort },
    );
  }

  /** A database whose members nobody can be asked about: no tracker can be made over it. */
  public static untracked(): PrimarySource {
    return new PrimarySource(undefined, {}, []);
  }

  private constructor(
    private readonly description: { [key: string]: unknown } | undefined,
    /** The events that hint at a change of primary. */
    public readonly eventPattern: events.EventPattern,
    private readonly grants: Grant[],
    /**
     * More events that hint at it, of which nobody can say at synth whose they are. Undefined where there are none.
     */
    public readonly sharedEventPattern?: events.EventPattern,
    /** @internal */
    public readonly _asked?: AskedMembers,
    /** @internal */
    public readonly _listed?: ListedDatabase,
  ) {}

  /** The instances of RDS by the names under which CloudWatch measures them; none of a database on SQL Anywhere. */
  public get rdsMembers(): string[] {
    return this._listed?.members ?? [];
  }

  /** Whether somebody can be asked who is primary. */
  public get isTracked(): boolean {
    return this.description !== undefined;
  }

  /** Whether the members themselves are asked, so that the tracker must run in their network. */
  public get asksMembers(): boolean {
    return this._asked !== undefined;
  }

  /** What the tracker's function is told about the source. */
  public render(): { [key: string]: unknown } {
    return { ...this.description };
  }

  /** What the tracker's role must be allowed to ask. */
  public statements(): iam.PolicyStatement[] {
    return this.grants.map((grant) => new iam.PolicyStatement(grant));
  }
}
