import { Duration, Names, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as events from 'aws-cdk-lib/aws-events';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../primary/contract';
import { withRunbook } from '../runbook/runbook';
import { SYNC_DIMENSION, SYNC_METRICS } from './contract';
import { ruleForFinishedRuns } from './run-finished';
import type { SyncDispatcher } from './sync-dispatcher';
import type { SyncScheduleProps } from './sync-schedule-props';
import { longestGapOf, type SyncTimes, timesOf, validateSchedule } from './sync-schedule-rules';

const DEFAULT_ATTEMPTS = 3;

/** What a run takes from its schedule besides its time. */
interface RunTimes {
  readonly deadlineSeconds: number;
  readonly timeLimitSeconds: number;
  readonly attempts: number;
  readonly profile?: string;
}

/**
 * Synchronizes the remotes of some groups again and again. A firing is a run, known by the name of the schedule and the time
 * it was planned for: fired twice, it is the same run, and what fires late does not pile up.
 *
 * Cost: one invocation of EventBridge Scheduler a run, and an alarm, 10 cents a month (list price, UNSOURCED); what the syncs cost says {@link SyncDispatcher}.
 */
export class SyncSchedule extends Construct {
  /** The schedule's name in run ids, metrics and events. */
  public readonly scheduleName: string;

  /** The groups whose remotes it synchronizes. */
  public readonly groups: string[];

  /** Carries its runs out. */
  public readonly dispatcher: SyncDispatcher;

  /** Fires. */
  public readonly schedule: scheduler.CfnSchedule;

  /**
   * Syncs went on although the consolidated database was failing over for longer than they are held back. It has no action
   * until one is added.
   */
  public readonly holdBackAlarm: cloudwatch.Alarm;

  /** How far apart two runs are at most. */
  public readonly longestGap: Duration;

  /** @internal */
  public readonly _isEnabled: boolean;

  /**
   * What a sync that is ordered by hand has of the schedule.
   * @internal
   */
  public readonly _runTimes: RunTimes;

  constructor(scope: Construct, id: string, props: SyncScheduleProps) {
    super(scope, id);
    this.scheduleName = props.scheduleName ?? Names.uniqueResourceName(this, { maxLength: 64, separator: '-' });
    const times = timesOf(props);
    validateSchedule(this, props, times, this.scheduleName);
    const { dispatcher } = props;
    this.groups = props.groups;
    this.dispatcher = dispatcher;
    this.longestGap = longestGapOf(props);
    this._isEnabled = props.enabled !== false;
    this._runTimes = {
      deadlineSeconds: times.deadline.toSeconds(),
      timeLimitSeconds: times.timeLimit.toSeconds(),
      attempts: props.attempts ?? DEFAULT_ATTEMPTS,
      profile: props.profile,
    };
    this.schedule = new scheduler.CfnSchedule(this, 'Schedule', {
      description: `Starts syncs of ${this.scheduleName}`,
      scheduleExpression: props.schedule.expressionString,
      scheduleExpressionTimezone: props.schedule.timeZone?.timezoneName,
      // The window of the run spreads the syncs, each at its own place; this one would move all of them together.
      flexibleTimeWindow: { mode: 'OFF' },
      state: props.enabled === false ? 'DISABLED' : undefined,
      target: {
        arn: dispatcher.dispatchQueue.queueArn,
        roleArn: dispatcher.scheduleRole.roleArn,
        input: this.runMessage(props, times),
        // A run that begins later would be skipped.
        retryPolicy: { maximumEventAgeInSeconds: times.startWithin.toSeconds() },
        deadLetterConfig: { arn: dispatcher.dispatchDeadLetterQueue.queueArn },
      },
    });
    this.schedule.node.addDependency(dispatcher.scheduleRole);
    this.holdBackAlarm = new cloudwatch.Alarm(this, 'HoldBackAlarm', {
      alarmDescription: withRunbook(
        `Syncs of ${this.scheduleName} went on during a failover that lasts longer than ten minutes.`,
        'hold-back-overrun',
      ),
      metric: this.metricHoldBackOverruns({ period: Duration.minutes(1) }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    dispatcher._addSchedule(this);
  }

  /**
   * Calls the target when a run has finished, or was skipped. At least once for each run: the event's `detail.runId` tells
   * repetitions.
   */
  public onRunFinished(id: string, options: events.OnEventOptions = {}): events.Rule {
    return ruleForFinishedRuns(this, id, [this.scheduleName], options);
  }

  /** Any metric of the schedule; the sum over 5 minutes unless told otherwise. */
  public metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { [SYNC_DIMENSION]: this.scheduleName },
      statistic: cloudwatch.Stats.SUM,
      ...props,
    }).attachTo(this);
  }

  /** Remotes whose hosts were commanded. */
  public metricOrdered(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.ordered, props);
  }

  /** Remotes that synchronized. */
  public metricSynchronized(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.synchronized, props);
  }

  /** Remotes that did not, because the sync failed, no host was the primary, or none was reached. */
  public metricFailed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.failed, props);
  }

  /** Remotes that were not started, or had not ended, at the deadline. */
  public metricMissed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.missed, props);
  }

  /** Of the remotes that a run tried, how many synchronized, in percent: one value a run. The minimum unless told otherwise. */
  public metricRunSuccessPercent(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.runSuccessPercent, { statistic: cloudwatch.Stats.MINIMUM, ...props });
  }

  /** Remotes that a run tried and that did not synchronize: one value a run. The maximum unless told otherwise. */
  public metricRunFailures(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.runFailures, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** Remotes of which another sync was under way. */
  public metricBusy(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.busy, props);
  }

  /** Remotes that are paused in the registry. */
  public metricPaused(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.paused, props);
  }

  /** How long ago the remote that waits for longest has synchronized, in seconds. The maximum unless told otherwise. */
  public metricOldestSuccessAge(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.oldestSuccessAge, { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /** Seconds from a command to the start of its script on the host. The 90th percentile unless told otherwise. */
  public metricCommandLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.commandLatency, { statistic: cloudwatch.Stats.percentile(90), ...props });
  }

  /** Orders that went on because the database failed over for longer than syncs are held back. */
  public metricHoldBackOverruns(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.holdBackOverruns, props);
  }

  /** Runs that were skipped, because they came late or after a younger one. */
  public metricRunsSkipped(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.runsSkipped, props);
  }

  /** How often Systems Manager throttled a command. */
  public metricCommandThrottles(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(SYNC_METRICS.throttles, props);
  }

  /** The function refuses a message that is not of this form, and it ends in the dead-letter queue. */
  private runMessage({ groups, attempts, profile }: SyncScheduleProps, times: SyncTimes): string {
    return Stack.of(this).toJsonString({
      kind: 'run',
      schedule: this.scheduleName,
      scheduledAt: '<aws.scheduler.scheduled-time>',
      groups,
      windowSeconds: times.window.toSeconds(),
      startWithinSeconds: times.startWithin.toSeconds(),
      deadlineSeconds: times.deadline.toSeconds(),
      attempts: attempts ?? DEFAULT_ATTEMPTS,
      profile,
      timeLimitSeconds: times.timeLimit.toSeconds(),
    });
  }
}
