import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Properties of the network of a pair. */
export interface PairNetworkProps {
  readonly vpc: ec2.IVpc;
  readonly port: number;
}

/** The security groups of a pair: the three servers reach each other by the port of the database, and AWS by HTTPS. */
export class PairNetwork extends Construct {
  public readonly partners: ec2.SecurityGroup;
  public readonly arbiter: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: PairNetworkProps) {
    super(scope, id);
    const database = ec2.Port.tcp(props.port);
    this.partners = new ec2.SecurityGroup(this, 'Partners', {
      vpc: props.vpc,
      description: 'Partners of a mirrored SQL Anywhere pair',
      allowAllOutbound: false,
    });
    this.arbiter = new ec2.SecurityGroup(this, 'Arbiter', {
      vpc: props.vpc,
      description: 'Arbiter of a mirrored SQL Anywhere pair',
      allowAllOutbound: false,
    });
    for (const group of [this.partners, this.arbiter]) {
      group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'The APIs of AWS and its package repository');
    }
    // Each server connects to each other one and is connected to (SQL Anywhere 16, "Database mirroring system").
    this.partners.connections.allowInternally(database, 'Mirroring between the partners');
    this.partners.connections.allowTo(this.arbiter, database, 'Mirroring with the arbiter');
    this.arbiter.connections.allowTo(this.partners, database, 'Mirroring with the arbiter');
  }
}
