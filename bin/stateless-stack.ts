import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, TimeZone } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import {
  FarmExposure,
  type IConsolidatedDatabase,
  type IRemoteRegistry,
  LicenceKey,
  LoginRotation,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  SynchronizationScript,
} from '../lib';
import type { ImageConfiguration, StageConfiguration } from './stage-configuration';
import { keyOf, SERVERS } from './stateful-stack';

export interface StatelessStackProps extends StackProps {
  readonly stage: StageConfiguration;
  readonly vpc: ec2.IVpc;
  readonly database: IConsolidatedDatabase;
  readonly registry: IRemoteRegistry;
  readonly alarmTopic: sns.ITopic;
  /** Unique in its account: names what it commands and what it reports. */
  readonly systemName: string;
}

/** What may be replaced at any time: the MobiLink servers, the primary tracker and the scheduled syncs. */
export class StatelessStack extends Stack {
  public readonly system: MobiLinkSystem;

  constructor(scope: Construct, id: string, props: StatelessStackProps) {
    super(scope, id, props);
    const { farm, ...stage } = props.stage;
    const key = keyOf(this, props.stage);
    this.system = new MobiLinkSystem(this, 'MobiLink', {
      vpc: props.vpc,
      serverSubnets: SERVERS,
      database: props.database,
      image: this.image(farm.image),
      preparation: {
        setUp: farm.preparation.setUp,
        scripts: farm.preparation.scripts.map(({ file, ...id }) => SynchronizationScript.fromFile(file, id)),
      },
      streams: [MobiLinkStream.tcpip()],
      exposure: FarmExposure.internal({ clientCidrs: farm.clientCidrs }),
      minServers: farm.minServers,
      maxServers: farm.maxServers,
      workers: farm.workers,
      maxWorkers: farm.maxWorkers,
      longestSync: Duration.minutes(farm.longestSyncMinutes),
      licensedServers: farm.licensedServers,
      loginRotation:
        farm.loginRotationDays === undefined ? undefined : LoginRotation.every(Duration.days(farm.loginRotationDays)),
      trackerRemovalPolicy: stage.protected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      registry: props.registry,
      alarmTopic: props.alarmTopic,
      dispatch: { hostTagValue: props.systemName, runsEncryptionKey: key },
      logRetention: stage.logRetentionDays,
      logKey: key,
      trackerEncryptionKey: key,
    });
    for (const schedule of stage.schedules) this.addSchedule(schedule, props.systemName);
    new CfnOutput(this, 'Address', {
      value: this.system.address,
      description: 'Host that remotes use as the address of their MobiLink server',
    });
    new CfnOutput(this, 'PrimaryRecords', {
      value: this.system.tracker.table.tableName,
      description: 'Table of the primary record',
    });
  }

  private image(image: ImageConfiguration): MobiLinkImage {
    if ('installer' in image) {
      const { installer, licenceKeyVariable, odbcDriver } = image;
      return MobiLinkImage.fromInstaller(installer, {
        licenceKey:
          licenceKeyVariable === undefined ? undefined : LicenceKey.fromEnvironmentVariable(licenceKeyVariable),
        odbcDriver,
      });
    }
    const repository = ecr.Repository.fromRepositoryName(this, 'ImageRepository', image.repositoryName);
    return MobiLinkImage.fromEcrRepository(repository, { tag: image.tag });
  }

  private addSchedule(schedule: StageConfiguration['schedules'][number], systemName: string): void {
    this.system.addSyncSchedule(`Schedule-${schedule.name}`, {
      scheduleName: `${systemName}-${schedule.name}`,
      schedule: ScheduleExpression.expression(schedule.expression, TimeZone.of(schedule.timeZone)),
      groups: schedule.groups,
      window: minutes(schedule.windowMinutes),
      deadline: minutes(schedule.deadlineMinutes),
      profile: schedule.profile,
      enabled: schedule.enabled,
    });
  }
}

function minutes(count: number | undefined): Duration | undefined {
  return count === undefined ? undefined : Duration.minutes(count);
}
