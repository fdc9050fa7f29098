import { Duration, Lazy, Resource, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { InsideSchedule } from '../remotes/inside-schedule';
import type { SyncSchedule } from '../remotes/sync-schedule';
import { withRunbook } from '../runbook/runbook';
import { known, Problems } from '../validation/problems';
import { createAlarm } from './alarm';
import { createDashboard, type SystemDashboard } from './dashboard';
import { createDatabaseAlarms } from './database-alarms';
import { createFarmAlarms } from './farm-alarms';
import { saveQueries } from './saved-queries';
import { createInsideAlarms, createScheduleAlarms } from './schedule-alarms';
import type { SyncMonitoringProps } from './sync-monitoring-props';
import { type KnownThresholds, thresholdsOf } from './thresholds';
import { createTrackerAlarms } from './tracker-alarms';

/** A failover is seen up to a minute after what it makes ring. */
const WAIT_FOR_FAILOVER = Duration.minutes(2);
/** What a failover made ring is quiet again within this time. UNSOURCED */
const AFTER_FAILOVER = Duration.minutes(2);

/**
 * Watches a MobiLink system: alarms, each with its runbook (docs/runbooks), and a dashboard. One composite alarm wakes people; it holds its
 * tongue during a failover that is no longer than it may be. What can wait for the morning is told by itself.
 *
 * Cost a month (list prices of CloudWatch, 2026): 10 cents for each metric of an alarm, so about 1.60 dollars for a system, 50 cents for each
 * schedule, 50 cents for the composite alarm.
 */
export class SyncMonitoring extends Construct {
  /** Wakes people: rings while any of {@link urgentAlarms} does. */
  public readonly wakeAlarm: cloudwatch.CompositeAlarm;

  /** Rings during a failover that is no longer than it may be, and holds {@link wakeAlarm} back. It tells nobody. Undefined without a tracker. */
  public readonly failoverUnderWay?: cloudwatch.Alarm;

  /** Its first row says who is primary and since when, whether a remote is stale, and whether the farm is full. */
  public readonly dashboard?: cloudwatch.Dashboard;

  private readonly urgent: cloudwatch.IAlarm[] = [];
  private readonly others: cloudwatch.Alarm[] = [];
  private readonly thresholds: KnownThresholds;
  private readonly officeTopic?: sns.ITopic;
  private readonly unreachable: string[] = [];

  constructor(scope: Construct, id: string, props: SyncMonitoringProps) {
    super(scope, id);
    const { database, tracker, farm, dispatcher } = props;
    this.thresholds = thresholdsOf(this, props.thresholds);
    this.officeTopic = props.officeTopic ?? props.alarmTopic;

    const ofTracker = tracker && createTrackerAlarms(this, tracker, this.thresholds);
    const ofFarm = createFarmAlarms(this, farm, this.thresholds);
    const ofDatabase = database._alarms?.();
    this.failoverUnderWay = ofTracker?.failoverUnderWay;
    this.urgent.push(...(ofTracker?.urgent ?? []), ...ofFarm.urgent, ...(ofDatabase?.urgent ?? []));
    this.tell(
      ...ofFarm.others,
      ...createDatabaseAlarms(this, database, farm, this.thresholds),
      ...farm.alarms,
      ...(farm.loginRotator ? [farm.loginRotator.alarm] : []),
      ...(dispatcher?.alarms ?? []),
    );
    this.tellOfDatabase(ofDatabase?.others ?? []);
    this.wakeAlarm = this.createWakeAlarm(props.alarmTopic);
    const shown = props.dashboard === false ? undefined : createDashboard(this, props, () => this.shownAlarms());
    this.dashboard = shown?.dashboard;
    dispatcher?._eachSchedule((schedule) => this.watchSchedule(schedule, shown));
    saveQueries(this, props);
    this.node.addValidation({ validate: () => this.problemsOfTopic() });
  }

  /** The alarms of which each wakes people. */
  public get urgentAlarms(): cloudwatch.IAlarm[] {
    return [...this.urgent];
  }

  /** The alarms that can wait for the morning. */
  public get otherAlarms(): cloudwatch.Alarm[] {
    return [...this.others];
  }

  /** Tells of more alarms, which can wait for the morning: those of remote databases, or of your own. */
  public tell(...alarms: cloudwatch.Alarm[]): void {
    for (const alarm of alarms) {
      this.others.push(alarm);
      if (this.officeTopic) alarm.addAlarmAction(new actions.SnsAction(this.officeTopic));
    }
  }

  /** Rings when the syncs of a schedule inside databases go wrong, or stay away. Cost: 30 cents a month. */
  public watchInside(schedule: InsideSchedule): void {
    const scope = new Construct(this, `Inside-${schedule.name}`);
    const { urgent, others } = createInsideAlarms(scope, schedule.name, schedule._longestGap, this.thresholds);
    this.urgent.push(...urgent);
    this.tell(...others);
  }

  /** Rings when a function that rotates a secret fails. Cost: 10 cents a month. */
  public watchRotation(id: string, rotation: lambda.IFunction): void {
    this.tell(
      createAlarm(this, id, {
        meaning: 'A secret could not be rotated: its present version stays in use.',
        runbook: 'rotation-failed',
        metric: rotation.metricErrors({ period: Duration.minutes(5) }),
        threshold: 1,
        periods: 1,
        // A function that has nothing to rotate does not run.
        missing: cloudwatch.TreatMissingData.NOT_BREACHING,
      }),
    );
  }

  /** What the database's stack would need of this one, while this one needs it, could not be deployed. */
  private tellOfDatabase(alarms: cloudwatch.Alarm[]): void {
    const { officeTopic: topic } = this;
    const isOurs = topic !== undefined && Resource.isOwnedResource(topic) && Stack.of(topic) === Stack.of(this);
    const [far, near] = [true, false].map((it) =>
      alarms.filter((alarm) => it === (isOurs && Stack.of(alarm) !== Stack.of(this))),
    );
    this.unreachable.push(...(far ?? []).map(({ node }) => node.path));
    this.tell(...(near ?? []));
  }

  /** Those of this stack: one of a later stack, shown here, would make two stacks need each other. */
  private shownAlarms(): cloudwatch.IAlarm[] {
    return [this.wakeAlarm, ...this.urgent, ...this.others].filter((alarm) => Stack.of(alarm) === Stack.of(this));
  }

  private watchSchedule(schedule: SyncSchedule, shown: SystemDashboard | undefined): void {
    shown?.addSchedule(schedule);
    const scope = new Construct(this, `Schedule-${known(schedule.scheduleName) ?? schedule.node.addr}`);
    const { urgent, others } = createScheduleAlarms(scope, schedule, this.thresholds);
    this.urgent.push(...urgent);
    this.tell(...others, schedule.holdBackAlarm);
  }

  private createWakeAlarm(topic: sns.ITopic | undefined): cloudwatch.CompositeAlarm {
    const rule: cloudwatch.IAlarmRule = {
      // Schedules are added later.
      renderAlarmRule: () =>
        Lazy.string({ produce: () => cloudwatch.AlarmRule.anyOf(...this.urgent).renderAlarmRule() }),
    };
    const alarm = new cloudwatch.CompositeAlarm(this, 'Wake', {
      alarmDescription: withRunbook('Synchronization is broken, or will be with the next fault.', 'README'),
      alarmRule: rule,
      ...(this.failoverUnderWay && {
        actionsSuppressor: this.failoverUnderWay,
        actionsSuppressorWaitPeriod: WAIT_FOR_FAILOVER,
        actionsSuppressorExtensionPeriod: AFTER_FAILOVER,
      }),
    });
    if (topic) {
      alarm.addAlarmAction(new actions.SnsAction(topic));
      alarm.addOkAction(new actions.SnsAction(topic));
    }
    return alarm;
  }

  private problemsOfTopic(): string[] {
    const problems = new Problems(this);
    problems.require(this.unreachable.length === 0, {
      id: 'MobiLink:Monitoring:TopicStack',
      prop: 'alarmTopic',
      rule: 'must be of the stack of the database, or imported, because the database has alarms of its own there',
      value: this.unreachable.join(', '),
      fix: 'make the topic beside the consolidated database, or give Topic.fromTopicArn(...)',
    });
    return problems.messages();
  }
}
