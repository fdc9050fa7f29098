import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { FunctionNetwork } from '../bundled-function/bundled-function';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { Problems } from '../validation/problems';
import type { PrimaryTrackerProps } from './primary-tracker-props';

/** Where the tracker's function runs, if it runs in a VPC. */
export interface TrackerNetwork extends FunctionNetwork {
  readonly vpcSubnets: ec2.SubnetSelection;
}

export function validateNetwork(tracker: Construct, props: PrimaryTrackerProps): void {
  const problems = new Problems(tracker);
  requireTrackable(problems, props.database);
  requireNetworkFor(problems, props.database, props.vpc !== undefined);
  for (const prop of ['vpcSubnets', 'securityGroups'] as const) {
    problems.require(props.vpc !== undefined || props[prop] === undefined, {
      id: 'MobiLink:Tracker:NoVpc',
      prop,
      rule: 'means nothing without vpc',
      value: 'something',
      fix: 'pass the VPC too, or leave it out',
    });
  }
  problems.throwIfAny();
}

export function requireTrackable(problems: Problems, database: IConsolidatedDatabase): void {
  problems.require(database.primarySource.isTracked, {
    id: 'MobiLink:Tracker:Untracked',
    prop: 'database',
    rule: 'must be one that somebody can be asked about; this one is known by its ODBC data source only',
    value: database.node.path,
    fix: 'make no tracker over it, or import it with fromRdsInstance, fromRdsCluster or fromSqlAnywhere',
  });
}

/** Whoever is asked himself is asked from inside his network. */
export function requireNetworkFor(problems: Problems, database: IConsolidatedDatabase, hasNetwork: boolean): void {
  problems.require(hasNetwork || !database.primarySource.asksMembers, {
    id: 'MobiLink:Tracker:Vpc',
    prop: 'vpc',
    rule: 'must be given: the partners of a mirrored pair are asked inside their network',
    value: undefined,
    fix: 'pass the VPC of the pair, or one from which its hosts and their private zone can be reached',
  });
}

/**
 * The tracker's side opens every path: rules that the side of the database would write make two stacks need each other.
 */
export function trackerNetwork(tracker: Construct, props: PrimaryTrackerProps): TrackerNetwork | undefined {
  const { vpc } = props;
  if (!vpc) return undefined;
  for (const group of props.securityGroups ?? []) {
    if (group.allowAllOutbound) Annotations.of(group).acknowledgeWarning('@aws-cdk/aws-ec2:ipv4IgnoreEgressRule');
  }
  const securityGroups = props.securityGroups ?? [
    new ec2.SecurityGroup(tracker, 'SecurityGroup', {
      vpc,
      description: 'Primary tracker of MobiLink',
      allowAllOutbound: false,
    }),
  ];
  const connections = new ec2.Connections({ securityGroups });
  connections.allowToAnyIpv4(ec2.Port.HTTPS, 'AWS APIs');
  allowToMembers(connections, props.database);
  return { vpc, vpcSubnets: props.vpcSubnets ?? privateSubnets(vpc), securityGroups };
}

/** Opens the way to the members of a database that are asked themselves. */
export function allowToMembers(connections: ec2.Connections, { primarySource }: IConsolidatedDatabase): void {
  const { _asked: asked } = primarySource;
  if (asked) connections.allowTo(asked.connectable, ec2.Port.tcp(asked.port), 'Role services of the partners');
}

function privateSubnets(vpc: ec2.IVpc): ec2.SubnetSelection {
  const withNat = vpc.privateSubnets.length > 0;
  return { subnetType: withNat ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED };
}
