import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';

/** Properties of a primary tracker. */
export interface PrimaryTrackerProps {
  /** The database whose primary is tracked, of this stack or another one; `track` adds more. */
  readonly database: IConsolidatedDatabase;

  /**
   * How many calls of the RDS API the tracker may make a second, over the long run. All callers of an account and Region share 12 a
   * second (RDS User Guide, "Throttling of Amazon RDS API requests"); several trackers in one Region share what they take of that.
   * Looks become rarer than every 10 s where they would be more.
   *
   * @default 1.2, a tenth of what RDS allows: enough to look every 10 s at 900 databases of one kind
   */
  readonly rdsCallsPerSecond?: number;

  /**
   * The network in which the tracker's function runs. Needed for a mirrored pair, whose partners only answer there; then these must be
   * reached from its subnets:
   *
   * - DynamoDB, by a gateway endpoint (free) or by NAT,
   * - EventBridge, by an interface endpoint (`com.amazonaws.<region>.events`, billed by the hour) or by NAT,
   * - Route 53, by NAT. Its one interface endpoint (`com.amazonaws.route53`) exists in us-east-1 only. Without a way to it the
   *   pair's DNS alias is not led to the primary, which `metricFailedAliasUpdates` counts, and all else works.
   *
   * Log and metrics need no endpoint: Lambda writes them itself. `addEndpoints` makes the first two.
   *
   * @default - outside of any VPC, which is refused for a pair
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of the function, in the zones of the database.
   *
   * @default - the private subnets of the VPC, those with NAT if there are any
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * How the function in isolated subnets reaches AWS, Route 53 and the internet, if not by a NAT gateway of this VPC: by a shared network, say. Nothing
   * is checked then.
   *
   * @default - none: isolated subnets are refused
   */
  readonly networkReason?: string;

  /**
   * Groups of the function.
   *
   * @default - one that lets out to what the function calls, and nobody in
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Key for the table of the primary record. Cost: one dollar a month and a price per request.
   *
   * @default - a key that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Key for the function's log. Its policy must let CloudWatch Logs use it (CloudWatch Logs User Guide, "Encrypt log data
   * using AWS KMS"), or the log group cannot be created.
   *
   * @default - the log is encrypted by CloudWatch Logs itself
   */
  readonly logKey?: kms.IKey;

  /**
   * How long the function's log is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What becomes of the table when the tracker is removed. An epoch must never repeat, so the table outlives it.
   *
   * @default RemovalPolicy.RETAIN, with deletion protection
   */
  readonly removalPolicy?: RemovalPolicy;
}
