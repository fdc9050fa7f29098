import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import type { DatabasePreparationOptions } from './database-preparation-options';
import type { FarmExposure } from './farm-exposure';
import type { FarmStickiness } from './farm-stickiness';
import type { LoginRotation } from './login-rotation';
import type { MobiLinkImage } from './mobilink-image';
import type { MobiLinkServerOptions } from './mobilink-server-options';
import type { MobiLinkStream } from './mobilink-stream';

/** Properties of a MobiLink server farm. */
export interface MobiLinkServerFarmProps extends MobiLinkServerOptions {
  /** Where the servers and their load balancer live; at least two Availability Zones. */
  readonly vpc: ec2.IVpc;

  /** The one consolidated database of this farm, of this stack or another one. */
  readonly database: IConsolidatedDatabase;

  /** The image with mlsrv17 and its supervisor. */
  readonly image: MobiLinkImage;

  /**
   * What is done to the consolidated database before the first server starts, and again whenever image, database or scripts change: SAP's
   * set-up script where MobiLink is not set up yet, then your own scripts, each once. It runs as the login of MobiLink, which must exist.
   * Cost: a Fargate task of 1 vCPU and 2 GiB for a few minutes a deployment.
   *
   * @default - SAP's set-up script, and no other
   */
  readonly preparation?: DatabasePreparationOptions;

  /**
   * What the servers listen on. Remotes store protocol and port.
   *
   * @default - [MobiLinkStream.tcpip()], port 2439
   */
  readonly streams?: MobiLinkStream[];

  /**
   * Who reaches the farm.
   *
   * @default - FarmExposure.internal(): private addresses, and nobody until `farm.connections.allowFrom(...)`
   */
  readonly exposure?: FarmExposure;

  /**
   * Whether remotes behind one address stay on one server.
   *
   * @default FarmStickiness.sourceIp()
   */
  readonly stickiness?: FarmStickiness;

  /**
   * The name that remotes store, in your own zone. It outlives any load balancer, whose name changes when it is replaced.
   *
   * @default - the name of the load balancer
   */
  readonly domainName?: string;

  /**
   * The zone in which `domainName` lies; an alias record is made there.
   *
   * @default - none
   */
  readonly domainZone?: route53.IHostedZone;

  /**
   * How many MobiLink servers your SAP licence covers; the farm is a separately licensed option. Deployments start new
   * servers before the old ones end, so there are more at a time than `maxServers`.
   *
   * @default - not checked
   */
  readonly licensedServers?: number;

  /**
   * Whether the load balancer sends connections to servers of every Availability Zone. Without it one NAT address may
   * reach the servers of one zone only. Cost: traffic between zones.
   *
   * @default true
   */
  readonly crossZone?: boolean;

  /**
   * How few servers run; 2 survive the loss of one Availability Zone.
   *
   * @default 2
   */
  readonly minServers?: number;

  /**
   * Why one server is enough: its loss then stops every sync until ECS has started another. For development.
   *
   * @default - none: `minServers` is at least 2
   */
  readonly singleServerReason?: string;

  /**
   * How many servers run at most. Bounded by the connections of the database and by `licensedServers`.
   *
   * @default - 4, or `minServers` if that is more
   */
  readonly maxServers?: number;

  /**
   * CPU units of a server, 1024 for one vCPU. The largest part of the farm's bill, with the memory.
   *
   * @default 1024
   */
  readonly cpu?: number;

  /**
   * Memory of a server in MiB; Fargate sells certain pairs with `cpu`. UNSOURCED default: the cache of mlsrv17 holds the
   * rows of all synchronizations at a time.
   *
   * @default 4096
   */
  readonly memoryLimitMiB?: number;

  /**
   * Disk of a server in GiB for temporary files of large syncs, 21 to 200.
   *
   * @default - the 20 GiB that Fargate includes
   */
  readonly ephemeralStorageGiB?: number;

  /**
   * How long the longest sync takes; 120 to 3600 s. A server that goes away finishes for that long what it has begun
   * (the deregistration delay of the load balancer); then 2 minutes follow in which mlsrv17 is stopped softly. A sync that
   * is cut off is repaired by the next one of that remote.
   *
   * @default Duration.minutes(15)
   */
  readonly longestSync?: Duration;

  /**
   * How long the load balancer keeps a silent connection; 60 to 6000 s. Must be longer than the keep-alive of the clients,
   * which is half of their `timeout` and at most 300 s.
   *
   * @default Duration.seconds(350), the default of AWS
   */
  readonly tcpIdleTimeout?: Duration;

  /**
   * Whether the servers see the addresses of the remotes. Off, every connection comes from the load balancer's own
   * addresses: never ignore these with `ignore=`, that cuts off every remote. On, AWS limits each server to some 55 000
   * connections at a time.
   *
   * @default false
   */
  readonly preserveClientIp?: boolean;

  /**
   * Servers at a time during a deployment, in percent of those wanted (rounded down).
   *
   * @default 200
   */
  readonly maximumPercent?: number;

  /**
   * Servers that must be healthy during a deployment, in percent of those wanted (rounded up).
   *
   * @default 100
   */
  readonly minimumHealthyPercent?: number;

  /**
   * Servers that still finish syncs while others have taken their place; they hold connections but ECS no longer counts
   * them.
   *
   * @default - `maxServers`
   */
  readonly drainingServers?: number;

  /**
   * The port on which the supervisor tells the load balancer that mlsrv17 listens. UNSOURCED default.
   *
   * @default 8439
   */
  readonly healthPort?: number;

  /**
   * How long ECS lets a new server be unhealthy. A server opens its health port once the database is reachable, so this
   * must be longer than a failover of the database, or ECS replaces servers that only wait for it.
   *
   * @default Duration.minutes(5)
   */
  readonly startupGracePeriod?: Duration;

  /**
   * CPU use of the servers, in percent, around which their number is kept. The other two targets usually ask first.
   *
   * @default 60
   */
  readonly targetCpuUtilizationPercent?: number;

  /**
   * Database connections that the servers use on average, in percent of those that they may have (`-cn`), around which their number is
   * kept.
   *
   * @default 70 UNSOURCED
   */
  readonly targetConnectionsPercent?: number;

  /**
   * Pieces of synchronization work that wait in a server on average, around which the number of servers is kept.
   *
   * @default 10 UNSOURCED
   */
  readonly targetSyncQueueLength?: number;

  /**
   * When the login that mlsrv uses is given another password. The servers restart in place for it, one by one, after their syncs.
   *
   * @default - never by itself: rotate by hand, as docs/rotation.md describes
   */
  readonly loginRotation?: LoginRotation;

  /**
   * Where the alarms of the farm go. Its policy must let CloudWatch publish to it, if it has a key of yours.
   *
   * @default - nowhere; `farm.alarms` are there to add actions to
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * The cluster that the servers belong to; the servers stand in `vpc` whatever the cluster's own is.
   *
   * @default - one of their own with Container Insights, which costs by metric
   */
  readonly cluster?: ecs.ICluster;

  /**
   * The subnets of the servers. They reach Secrets Manager, CloudWatch Logs and ECR (with S3) by NAT or by VPC endpoints.
   *
   * @default - private subnets with egress, else isolated ones
   */
  readonly serverSubnets?: ec2.SubnetSelection;

  /**
   * How servers in isolated subnets reach AWS, if not by endpoints of this app: those of a shared network, say. Nothing is checked then.
   *
   * @default - none: isolated subnets without a {@link PrivateEndpoints} are refused
   */
  readonly networkReason?: string;

  /**
   * The subnets of the load balancer; one per Availability Zone is used.
   *
   * @default - those of the servers, or public ones for FarmExposure.internet
   */
  readonly loadBalancerSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the servers. Rules are added to them, except to groups imported as immutable, which must have these
   * themselves: in from the load balancer on streams and health port, out to the database and to 443.
   *
   * @default - one that lets nothing out but to the database and to 443
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * How long the servers' log is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Key for the servers' log. Its policy must let CloudWatch Logs use it.
   *
   * @default - a key that AWS owns
   */
  readonly logKey?: kms.IKey;

  /**
   * What becomes of the log and of the static addresses when the farm is removed.
   *
   * @default - DESTROY for the log; RETAIN for static addresses, which stand in firewalls that are not yours
   */
  readonly removalPolicy?: RemovalPolicy;
}
