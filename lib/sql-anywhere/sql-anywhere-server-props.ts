import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { SqlAnywhereDatabaseProps } from './sql-anywhere-database-props';

/** Properties of a single SQL Anywhere server. */
export interface SqlAnywhereServerProps extends SqlAnywhereDatabaseProps {
  /**
   * The subnet of the host and its volume, for good; the first one of the selection is taken. The host calls AWS, Route 53 among it, so it
   * needs NAT outside of us-east-1.
   *
   * @default - private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
}
