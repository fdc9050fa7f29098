import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import {
  ConsolidatedSqlAnywhere,
  type ConsolidatedSqlAnywhereProps,
  SqlAnywherePair,
  SqlAnywhereSoftware,
} from '../../lib';

/** A VPC with three zones, where the hosts of a pair and everything that reaches them stand. */
export function vpcOf(stack: Stack, natGateways = 1): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'].map((it) => `${ZONES}${it}`), natGateways });
}

const ZONES = 'eu-central-1';

export function pairOf(stack: Stack, vpc: ec2.IVpc, id = 'Pair'): SqlAnywherePair {
  return new SqlAnywherePair(stack, id, {
    vpc,
    machineImage: ec2.MachineImage.genericLinux({ [ZONES]: 'ami-0123456789abcdef0' }),
    software: SqlAnywhereSoftware.inMachineImage(),
  });
}

export interface Mirrored {
  readonly stack: Stack;
  readonly vpc: ec2.Vpc;
  readonly pair: SqlAnywherePair;
  readonly database: ConsolidatedSqlAnywhere;
}

/** A consolidated database on a pair of its own. */
export function mirrored(props: Partial<ConsolidatedSqlAnywhereProps> = {}, app = new App()): Mirrored {
  const stack = new Stack(app, 'Stateful', { env: { region: ZONES } });
  const vpc = vpcOf(stack);
  const pair = pairOf(stack, vpc);
  return {
    stack,
    vpc,
    pair,
    database: new ConsolidatedSqlAnywhere(stack, 'Consolidated', { database: pair, ...props }),
  };
}
