import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { known, knownSeconds, type Problems } from '../validation/problems';
import type { ConsolidatedRdsProps } from './consolidated-rds-props';
import type { ConsolidatedRdsEngine } from './rds-engine';

/** Isolated subnets where there are any. */
export function databaseSubnets(props: ConsolidatedRdsProps): ec2.SubnetSelection {
  if (props.vpcSubnets) return props.vpcSubnets;
  const isolated = props.vpc.isolatedSubnets.length > 0;
  return { subnetType: isolated ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS };
}

export interface CommonRules {
  /** How many Availability Zones the subnets must lie in. */
  readonly zones: number;
  /** What for. */
  readonly why: string;
  /** Props that must say why, where they are given. */
  readonly reasons: { readonly [prop: string]: string | undefined };
  readonly instanceType?: ec2.InstanceType;
}

/** What holds for every consolidated database on RDS. */
export function requireCommon(
  problems: Problems,
  props: ConsolidatedRdsProps,
  engine: ConsolidatedRdsEngine,
  { zones: least, why, reasons, instanceType }: CommonRules,
): void {
  const { availabilityZones, subnetIds } = props.vpc.selectSubnets(databaseSubnets(props));
  const zones = new Set(availabilityZones);
  // `Vpc.fromVpcAttributes` repeats the text of a list that only CloudFormation knows: it says nothing about zones.
  const judged = ![subnetIds, availabilityZones].some(([first = '']) => Token.isUnresolved([first]));
  problems.require(!judged || zones.size >= least, {
    id: 'MobiLink:Consolidated:AvailabilityZones',
    prop: 'vpcSubnets',
    rule: `must lie in at least ${least === 2 ? 'two' : 'three'} Availability Zones, ${why}`,
    value: zones.size,
    fix: 'give the VPC three zones; without env a stack gets two: pass availabilityZones as bin/mobilink-ha.ts does',
  });
  const days = (knownSeconds(props.backupRetention) ?? 86_400) / 86_400;
  problems.require(Number.isInteger(days) && days >= 1 && days <= 35, {
    id: 'MobiLink:Consolidated:BackupRetention',
    prop: 'backupRetention',
    rule: 'must be 1 to 35 whole days',
    value: days,
    fix: 'RDS keeps automated backups for at most 35 days; for longer copy snapshots with AWS Backup',
  });
  for (const [prop, text] of Object.entries(reasons)) {
    const reason = known(text);
    problems.require(reason === undefined || reason.trim() !== '', {
      id: 'MobiLink:Consolidated:Reason',
      prop,
      rule: 'must say why',
      value: reason,
      fix: 'write the reason for whoever reads the code after an outage, or leave the prop out',
    });
  }
  const port = known(props.port);
  problems.require(
    props.port === undefined || (port !== undefined && Number.isInteger(port) && port >= 1150 && port <= 65535),
    {
      id: 'MobiLink:Consolidated:Port',
      prop: 'port',
      rule: 'must be a whole number from 1150 to 65535 that is known at synth',
      value: port ?? 'a token',
      fix: `leave it out for ${engine.defaultPort}`,
    },
  );
  const { ports, databaseName, product, runsOnGraviton, usualInstanceType } = engine._specification;
  problems.require(port === undefined || port !== ports.unencrypted, {
    id: 'MobiLink:Consolidated:Port',
    prop: 'port',
    rule: `must not be ${ports.unencrypted}, where ${product} listens without TLS`,
    value: port,
    fix: `leave it out for ${engine.defaultPort}`,
  });
  const name = known(props.databaseName);
  problems.require(name === undefined || databaseName.pattern.test(name), {
    id: 'MobiLink:Consolidated:DatabaseName',
    prop: 'databaseName',
    rule: databaseName.rule,
    value: name,
    fix: `leave it out for '${databaseName.usual}'`,
  });
  const type = known(instanceType?.toString());
  problems.require(
    type === undefined || runsOnGraviton || instanceType?.architecture !== ec2.InstanceArchitecture.ARM_64,
    {
      id: 'MobiLink:Consolidated:InstanceArchitecture',
      prop: 'instanceType',
      rule: `must have Intel or AMD processors: RDS does not run ${product} on Graviton`,
      value: type,
      fix: `leave it out for ${usualInstanceType}`,
    },
  );
  const user = known(props.mobiLinkUser);
  problems.require(
    user === undefined || (/^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(user) && user.toLowerCase() !== 'admin'),
    {
      id: 'MobiLink:Consolidated:MobiLinkUser',
      prop: 'mobiLinkUser',
      rule: "must be 1 to 32 letters, digits or underscores, begin with a letter, and not be the administrator 'admin'",
      value: user,
      fix: "leave it out for 'mobilink'",
    },
  );
  const reserved = known(props.reservedConnections);
  problems.require(
    reserved === undefined || (Number.isInteger(reserved) && reserved >= 0 && reserved < engine.maximumConnections),
    {
      id: 'MobiLink:Consolidated:ReservedConnections',
      prop: 'reservedConnections',
      rule: `must be a whole number from 0 to below engine.maximumConnections (${engine.maximumConnections})`,
      value: reserved,
      fix: 'leave it out for 20',
    },
  );
}
