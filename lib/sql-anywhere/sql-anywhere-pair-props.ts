import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { SqlAnywhereDatabaseProps } from './sql-anywhere-database-props';
import type { SynchronizationMode } from './synchronization-mode';

/** Properties of a mirrored pair of SQL Anywhere servers and their arbiter. */
export interface SqlAnywherePairProps extends SqlAnywhereDatabaseProps {
  /**
   * Subnets of at least three zones; of each zone the first one is taken. The hosts call AWS, Route 53 among it, which has an endpoint
   * in a VPC in us-east-1 alone; so they need NAT elsewhere.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Type of the arbiter, which holds no data.
   *
   * @default - t3.small
   */
  readonly arbiterInstanceType?: ec2.InstanceType;

  /**
   * After how much silence a link of the mirror counts as broken, in whole seconds. It bounds how soon a dead primary is replaced, and
   * how long a cut-off one still calls itself primary.
   *
   * @default Duration.seconds(30). SQL Anywhere's own is 2 minutes. UNSOURCED
   */
  readonly livenessTimeout?: Duration;

  /**
   * Whether a commit waits for the mirror.
   *
   * @default SynchronizationMode.synchronous()
   */
  readonly synchronizationMode?: SynchronizationMode;

  /**
   * How long an outage of one partner may last after which it still catches up from logs rather than from a new copy, in whole days.
   *
   * @default Duration.days(7)
   */
  readonly longestMirrorOutage?: Duration;

  /**
   * Where there are fewer than three zones: why the pair may stop when one zone is lost.
   *
   * @default - three zones are required
   */
  readonly fewerZonesReason?: string;
}
