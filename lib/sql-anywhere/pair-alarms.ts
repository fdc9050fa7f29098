import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { withRunbook } from '../runbook/runbook';
import { requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import { HOST_METRICS, METRIC_NAMESPACE, TRACKER_METRICS } from './pair-metrics';

/** Those in which somebody must act at once. */
const URGENT = ['NoPrimary', 'TwoPrimaries', 'MirrorNotSynchronized', 'PartnerLost', 'ArbiterLost'];

/** When the alarms of a pair ring. */
export interface PairAlarmThresholds {
  /**
   * For how long the mirror may not be synchronized, in whole minutes. Meanwhile a second failure stops the database.
   *
   * @default Duration.minutes(10), which a mirror that comes back after a restart needs to catch up. UNSOURCED
   */
  readonly mirrorNotSynchronizedFor?: Duration;

  /**
   * For how long a server may be lost, in whole minutes.
   *
   * @default Duration.minutes(5): a host that is replaced is back by then. UNSOURCED
   */
  readonly serverLostFor?: Duration;

  /**
   * For how long there may be no primary, or two, in whole minutes.
   *
   * @default Duration.minutes(3), the same as for a failover of RDS. UNSOURCED
   */
  readonly primaryUnclearFor?: Duration;

  /**
   * How far a server's clock may be off, in seconds. MobiLink downloads by the consolidated database's clock: a partner whose clock is
   * behind loses rows of downloads after a failover.
   *
   * @default 1 UNSOURCED
   */
  readonly clockOffsetSeconds?: number;

  /**
   * How much of the data volume must be free, in percent.
   *
   * @default 20 UNSOURCED
   */
  readonly freeDiskPercent?: number;
}

/** Properties of the alarms of a pair. */
export interface PairAlarmsProps extends PairAlarmThresholds {
  /** Dimension `DatabaseId` of the metrics. */
  readonly databaseId: string;

  /** How many days offline logs are kept: the oldest one may be two days older. */
  readonly logRetentionDays: number;

  /** Dimension `Member` of the metrics of the hosts that hold data; with one of them there is no mirror. */
  readonly members: string[];
}

/**
 * The alarms of a mirrored pair, from two producers: the primary tracker (roles, links, clock) and the hosts themselves (disk,
 * logs, chrony). Where nobody reports, the hosts' alarms ring; silence of the tracker is an alarm of its own.
 * Cost: twelve alarms, 1.20 dollars a month (CloudWatch list price, 0.10 dollars each).
 */
export class PairAlarms extends Construct {
  /** All of them, to add actions to. */
  public readonly alarms: cloudwatch.Alarm[] = [];

  private danger?: cloudwatch.CompositeAlarm;

  private readonly databaseId: string;

  constructor(scope: Construct, id: string, props: PairAlarmsProps) {
    super(scope, id);
    validate(this, props);
    this.databaseId = props.databaseId;

    const unclear = props.primaryUnclearFor ?? Duration.minutes(3);
    const lost = props.serverLostFor ?? Duration.minutes(5);
    this.ofTracker('NoPrimary', TRACKER_METRICS.primariesClaimed, {
      runbook: 'no-primary',
      description:
        'No partner says that it is primary: the database does not serve. Look at both hosts and the arbiter.',
      operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      minutes: unclear.toMinutes(),
      statistic: cloudwatch.Stats.MAXIMUM,
    });
    if (props.members.length > 1) this.ofMirror(props, unclear, lost);
    this.ofTracker('ClockSkew', TRACKER_METRICS.clockSkewSeconds, {
      runbook: 'clock-off',
      description: 'The clock of a partner is off: downloads after a failover can miss rows.',
      // The answer is on its way for a while, and the tracker's own clock is not exact either.
      threshold: (props.clockOffsetSeconds ?? 1) + 2,
      minutes: 5,
      statistic: cloudwatch.Stats.MINIMUM,
    });
    for (const member of props.members) this.ofHost(member, props);
  }

  /**
   * No tracker watches the database: its hosts tell what they know of themselves, each for itself, so that nobody counts primaries.
   *
   * @internal
   */
  public _withoutTracker(): void {
    for (const id of ['TwoPrimaries', 'ClockSkew']) {
      const alarm = this.node.tryFindChild(id);
      if (!(alarm instanceof cloudwatch.Alarm)) continue;
      this.node.tryRemoveChild(id);
      this.alarms.splice(this.alarms.indexOf(alarm), 1);
    }
    // Here nobody else notices that all are silent.
    const noPrimary = this.node.tryFindChild('NoPrimary')?.node.defaultChild as cloudwatch.CfnAlarm;
    noPrimary.treatMissingData = cloudwatch.TreatMissingData.BREACHING;
  }

  /**
   * One alarm for those in which somebody must act at once, so that another stack refers to one of them only. Cost: 50 cents a month.
   *
   * @internal
   */
  public _urgent(): { urgent: cloudwatch.IAlarm[]; others: cloudwatch.Alarm[] } {
    const isUrgent = (alarm: cloudwatch.Alarm) => URGENT.includes(alarm.node.id);
    this.danger ??= new cloudwatch.CompositeAlarm(this, 'Danger', {
      alarmDescription: withRunbook(
        `The database does not serve, or stops with the next fault. (${this.databaseId})`,
        'mirror-in-danger',
      ),
      alarmRule: cloudwatch.AlarmRule.anyOf(...this.alarms.filter(isUrgent)),
    });
    return { urgent: [this.danger], others: this.alarms.filter((alarm) => !isUrgent(alarm)) };
  }

  /** What rings when a second failure would stop the database. */
  private ofMirror(props: PairAlarmsProps, unclear: Duration, lost: Duration): void {
    this.ofTracker('TwoPrimaries', TRACKER_METRICS.primariesClaimed, {
      runbook: 'two-primaries',
      description:
        'Both partners say that they are primary. The one that was cut off blocks at its first write; find the broken link.',
      threshold: 2,
      minutes: unclear.toMinutes(),
      statistic: cloudwatch.Stats.MINIMUM,
    });
    this.ofTracker('MirrorNotSynchronized', TRACKER_METRICS.mirrorNotSynchronized, {
      runbook: 'mirror-not-synchronized',
      description:
        'The mirror is not synchronized: losing the primary now stops the database, and offline logs are not deleted.',
      threshold: 1,
      minutes: (props.mirrorNotSynchronizedFor ?? Duration.minutes(10)).toMinutes(),
      statistic: cloudwatch.Stats.MINIMUM,
    });
    this.ofTracker('PartnerLost', TRACKER_METRICS.partnerLost, {
      runbook: 'partner-lost',
      description: 'The primary does not see its mirror: losing one more server stops the database.',
      threshold: 1,
      minutes: lost.toMinutes(),
      statistic: cloudwatch.Stats.MINIMUM,
    });
    this.ofTracker('ArbiterLost', TRACKER_METRICS.arbiterLost, {
      runbook: 'arbiter-lost',
      description:
        'The primary does not see the arbiter: losing the mirror now stops the database, and so does losing the primary.',
      threshold: 1,
      minutes: lost.toMinutes(),
      statistic: cloudwatch.Stats.MINIMUM,
    });
  }

  private ofHost(member: string, props: PairAlarmsProps): void {
    const role = member.charAt(0).toUpperCase() + member.slice(1);
    const of = (metricName: string, statistic: string, period: Duration) =>
      new cloudwatch.Metric({
        namespace: METRIC_NAMESPACE,
        metricName,
        dimensionsMap: { DatabaseId: this.databaseId, Member: member },
        statistic,
        period,
      });
    this.add(`${role}ClockOffset`, {
      runbook: 'clock-off',
      description: `By its own word, the clock of ${member} is not synchronized.`,
      metric: of(HOST_METRICS.clockOffsetSeconds, cloudwatch.Stats.MINIMUM, Duration.minutes(1)),
      threshold: props.clockOffsetSeconds ?? 1,
      evaluationPeriods: 5,
      missing: cloudwatch.TreatMissingData.BREACHING,
    });
    this.add(`${role}FreeDisk`, {
      runbook: 'host-disk',
      description: `The data volume of ${member} fills up: enlarge it, or find what pins the transaction logs.`,
      metric: of(HOST_METRICS.freeDiskPercent, cloudwatch.Stats.MAXIMUM, Duration.minutes(1)),
      operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: props.freeDiskPercent ?? 20,
      evaluationPeriods: 5,
      missing: cloudwatch.TreatMissingData.BREACHING,
    });
    this.add(`${role}OldestLog`, {
      runbook: 'oldest-log',
      description: `Offline logs of ${member} are older than they should be: backups fail, or the mirror is not synchronized.`,
      metric: of(HOST_METRICS.oldestLogDays, cloudwatch.Stats.MINIMUM, Duration.minutes(5)),
      threshold: props.logRetentionDays + 2,
      evaluationPeriods: 3,
      missing: cloudwatch.TreatMissingData.BREACHING,
    });
  }

  private ofTracker(
    id: string,
    metricName: string,
    it: {
      readonly runbook: string;
      readonly description: string;
      readonly operator?: cloudwatch.ComparisonOperator;
      readonly threshold: number;
      readonly minutes: number;
      readonly statistic: string;
    },
  ): void {
    this.add(id, {
      ...it,
      metric: new cloudwatch.Metric({
        namespace: METRIC_NAMESPACE,
        metricName,
        dimensionsMap: { DatabaseId: this.databaseId },
        statistic: it.statistic,
        period: Duration.minutes(1),
      }),
      evaluationPeriods: it.minutes,
      // A pair that nobody asks says nothing about itself: the tracker's heartbeat is watched where the tracker is.
      missing: cloudwatch.TreatMissingData.MISSING,
    });
  }

  private add(
    id: string,
    it: {
      readonly runbook: string;
      readonly description: string;
      readonly metric: cloudwatch.IMetric;
      readonly operator?: cloudwatch.ComparisonOperator;
      readonly threshold: number;
      readonly evaluationPeriods: number;
      readonly missing: cloudwatch.TreatMissingData;
    },
  ): void {
    this.alarms.push(
      new cloudwatch.Alarm(this, id, {
        alarmDescription: withRunbook(`${it.description} (${this.databaseId})`, it.runbook),
        metric: it.metric,
        comparisonOperator: it.operator ?? cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold: it.threshold,
        evaluationPeriods: it.evaluationPeriods,
        treatMissingData: it.missing,
      }),
    );
  }
}

function validate(scope: Construct, props: PairAlarmThresholds): void {
  const problems = new Problems(scope);
  const minutes = {
    mirrorNotSynchronizedFor: props.mirrorNotSynchronizedFor,
    serverLostFor: props.serverLostFor,
    primaryUnclearFor: props.primaryUnclearFor,
  };
  for (const [prop, value] of Object.entries(minutes)) {
    problems.require(value === undefined || value.isUnresolved() || isWholeMinutes(value), {
      id: 'MobiLink:Pair:AlarmMinutes',
      prop,
      // CloudWatch API Reference, PutMetricAlarm: periods times their length must not exceed one day.
      rule: 'must be a whole number of minutes from 1 to 1440',
      value: value?.toHumanString(),
      fix: 'write it with Duration.minutes',
    });
  }
  requireWhole(problems, props.freeDiskPercent, {
    id: 'MobiLink:Pair:FreeDisk',
    prop: 'freeDiskPercent',
    lowest: 1,
    highest: 90,
    fix: 'say how much of the data volume must be free, in percent',
  });
  const offset = known(props.clockOffsetSeconds);
  problems.require(offset === undefined || (offset > 0 && offset <= 3600), {
    id: 'MobiLink:Pair:ClockOffset',
    prop: 'clockOffsetSeconds',
    rule: 'must be above 0 and at most 3600',
    value: offset,
    fix: 'say by how many seconds a clock may be off',
  });
  problems.throwIfAny();
}

function isWholeMinutes(value: Duration): boolean {
  const minutes = value.toMinutes({ integral: false });
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= 1440;
}
