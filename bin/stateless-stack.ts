import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { FarmExposure, type IConsolidatedDatabase, MobiLinkImage, MobiLinkStream, MobiLinkSystem } from '../lib';
import type { StageConfiguration } from './stage-configuration';

export interface StatelessStackProps extends StackProps {
  readonly stage: StageConfiguration;
  readonly vpc: ec2.IVpc;
  readonly database: IConsolidatedDatabase;
}

/** What may be replaced at any time: the MobiLink servers and the primary tracker. */
export class StatelessStack extends Stack {
  public readonly system: MobiLinkSystem;

  constructor(scope: Construct, id: string, props: StatelessStackProps) {
    super(scope, id, props);
    const { farm, ...stage } = props.stage;
    this.system = new MobiLinkSystem(this, 'MobiLink', {
      vpc: props.vpc,
      database: props.database,
      image: MobiLinkImage.fromEcrRepository(
        ecr.Repository.fromRepositoryName(this, 'ImageRepository', farm.image.repositoryName),
        { tag: farm.image.tag },
      ),
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: farm.clientCidrs }),
      minServers: farm.minServers,
      maxServers: farm.maxServers,
      workers: farm.workers,
      maxWorkers: farm.maxWorkers,
      longestSync: Duration.minutes(farm.longestSyncMinutes),
      licensedServers: farm.licensedServers,
      trackerRemovalPolicy: stage.protected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    new CfnOutput(this, 'Address', {
      value: this.system.address,
      description: 'Host that remotes use as the address of their MobiLink server',
    });
    new CfnOutput(this, 'PrimaryRecords', {
      value: this.system.tracker.table.tableName,
      description: 'Table of the primary record',
    });
  }
}
