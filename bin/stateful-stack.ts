import { CfnOutput, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { type IConsolidatedDatabase, PrivateEndpoints, RemoteRegistry } from '../lib';
import { consolidatedDatabase } from './consolidated-database';
import type { StageConfiguration } from './stage-configuration';

/** Where servers and functions stand. */
export const SERVERS = { subnetGroupName: 'Servers' };
/** Where a database of RDS stands. */
export const DATABASE = { subnetGroupName: 'Database' };

export interface StatefulStackProps extends StackProps {
  readonly stage: StageConfiguration;
}

/** The customer's key, on the side of whoever uses it: no stack then needs another one for it. */
export function keyOf(scope: Construct, { keyArn }: StageConfiguration): kms.IKey | undefined {
  return keyArn === undefined ? undefined : kms.Key.fromKeyArn(scope, 'Key', keyArn);
}

/** What outlives every deployment of the servers: the network, the consolidated database and the registry of remotes. */
export class StatefulStack extends Stack {
  public readonly vpc: ec2.IVpc;
  public readonly database: IConsolidatedDatabase;
  public readonly registry: RemoteRegistry;
  /** Here, because alarms of the database tell it too. */
  public readonly alarmTopic: sns.Topic;

  constructor(scope: Construct, id: string, props: StatefulStackProps) {
    super(scope, id, props);
    const { stage } = props;
    this.vpc = this.network(stage);
    const encryptionKey = keyOf(this, stage);
    this.database = consolidatedDatabase(this, stage.database, {
      vpc: this.vpc,
      vpcSubnets: DATABASE,
      encryptionKey,
      logRetention: stage.logRetentionDays,
    });
    this.registry = new RemoteRegistry(this, 'Registry', {
      shards: stage.registry.shards,
      encryptionKey,
      removalPolicy: stage.protected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.alarmTopic = new sns.Topic(this, 'Alarms', { enforceSSL: true });
    for (const address of stage.alarmEmails)
      this.alarmTopic.addSubscription(new subscriptions.EmailSubscription(address));
    new CfnOutput(this, 'AlarmTopic', {
      value: this.alarmTopic.topicArn,
      description: 'Topic of the alarms, for those who are on duty to subscribe to',
    });
    new CfnOutput(this, 'RegistryTable', {
      value: this.registry.table.tableName,
      description: `Table in which remotes are registered, ${stage.registry.shards} shards a group`,
    });
  }

  private network(stage: StageConfiguration): ec2.Vpc {
    if (stage.availabilityZones) {
      // What a lookup would have written to cdk.context.json: with env set, CDK asks for the zones even if they are given.
      this.node.setContext(
        `availability-zones:account=${stage.account}:region=${stage.region}`,
        stage.availabilityZones,
      );
    }
    const hasNat = stage.natGateways > 0;
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(stage.vpcCidr),
      // Without env a stack has two zones whatever maxAzs says; the third one is picked when it is deployed.
      ...(stage.region
        ? { maxAzs: 3 }
        : { availabilityZones: [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs())) }),
      natGateways: stage.natGateways,
      // Would need a custom resource with a function of its own; nothing uses the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        {
          name: SERVERS.subnetGroupName,
          subnetType: hasNat ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED,
          cidrMask: 22,
        },
        { name: DATABASE.subnetGroupName, subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      ...(hasNat && { gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } } }),
    });
    if (!hasNat) new PrivateEndpoints(this, 'Endpoints', { vpc, subnets: SERVERS });
    vpc.addFlowLog('FlowLog', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        new logs.LogGroup(this, 'FlowLogs', {
          retention: logs.RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
    });
    return vpc;
  }
}
