import { CfnOutput, Duration, Stack, type StackProps, TimeZone } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import {
  type IConsolidatedDatabase,
  InsideSchedule,
  type IRemoteRegistry,
  MobiLinkServerAddress,
  MobiLinkStream,
  type MobiLinkSystem,
  RemoteDatabase,
  SyncOutcomes,
  SyncTrigger,
} from '../lib';
import { sqlAnywhereDatabase } from './sql-anywhere-database';
import type { RemoteConfiguration, StageConfiguration } from './stage-configuration';
import { keyOf } from './stateful-stack';

export interface RemotesStackProps extends StackProps {
  readonly stage: StageConfiguration;
  readonly vpc: ec2.IVpc;
  readonly database: IConsolidatedDatabase;
  readonly registry: IRemoteRegistry;
  readonly system: MobiLinkSystem;
  readonly systemName: string;
}

/** Remote databases on EC2, set up, registered, and synchronized from outside or inside. */
export class RemotesStack extends Stack {
  private readonly outcomes?: SyncOutcomes;
  private readonly key?: kms.IKey;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RemotesStackProps,
  ) {
    super(scope, id, props);
    const { remotes } = props.stage;
    this.key = keyOf(this, props.stage);
    if (remotes.some(({ inside }) => inside.length > 0)) {
      this.outcomes = new SyncOutcomes(this, 'Outcomes', { registry: props.registry });
      props.system.monitoring?.tell(this.outcomes.alarm);
    }
    for (const remote of remotes) this.addRemote(remote);
  }

  private addRemote(remote: RemoteConfiguration): void {
    const { systemName, vpc, system } = this.props;
    const zoneName = `${remote.name}.${systemName}.internal`.toLowerCase();
    const { stage } = this.props;
    const database = sqlAnywhereDatabase(this, remote.name, vpc, remote.database, {
      zoneName,
      encryptionKey: this.key,
      logRetention: stage.logRetentionDays,
    });
    const schedules = remote.inside.map((schedule) => this.insideSchedule(schedule));
    system.monitoring?.tell(...database.alarms.alarms);
    for (const schedule of schedules) system.monitoring?.watchInside(schedule);
    const { mobiLinkUser } = new RemoteDatabase(this, `${remote.name}-Remote`, {
      database,
      registry: this.props.registry,
      group: remote.group,
      remoteName: remote.name,
      profile: remote.profile,
      sqlFiles: remote.sqlFiles,
      mobiLinkServers: MobiLinkServerAddress.fromFarm(system.farm, MobiLinkStream.tcpip()),
      triggers: schedules.map((schedule) => SyncTrigger.database(schedule)),
      outcomes: this.outcomes,
      synchronizesWith: this.props.database,
      noHighAvailabilityReason: remote.noHighAvailabilityReason,
    });
    new CfnOutput(this, `${remote.name}-User`, {
      value: mobiLinkUser.secretArn,
      description: `MobiLink user of ${remote.group}/${remote.name}, to be added to the consolidated database with mluser`,
    });
  }

  private insideSchedule(schedule: RemoteConfiguration['inside'][number]): InsideSchedule {
    const { everyMinutes, at, from, to, catchUpMinutes, timeZone, ...rest } = schedule;
    const options = {
      ...rest,
      name: `${this.props.systemName}-${schedule.name}`,
      timeZone: TimeZone.of(timeZone),
      catchUp: catchUpMinutes === undefined ? undefined : Duration.minutes(catchUpMinutes),
    };
    return at === undefined
      ? InsideSchedule.every({ ...options, interval: Duration.minutes(everyMinutes ?? 0), from, to })
      : InsideSchedule.daily({ ...options, at });
  }
}
