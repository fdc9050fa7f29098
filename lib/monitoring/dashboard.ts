import { Duration, Tokenization } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { budgetOf } from '../farm/farm-scaling';
import type { TrackedDatabase } from '../primary/tracked-database';
import type { SyncSchedule } from '../remotes/sync-schedule';
import { connectionsPercent } from './database-alarms';
import { whoIsPrimary } from './saved-queries';
import type { SyncMonitoringProps } from './sync-monitoring-props';

const PERIOD = Duration.minutes(5);
const HEIGHT = 6;

export interface SystemDashboard {
  readonly dashboard: cloudwatch.Dashboard;
  addSchedule(schedule: SyncSchedule): void;
}

/** @param alarms asked at the end, when all are there. */
export function createDashboard(
  scope: Construct,
  props: SyncMonitoringProps,
  alarms: () => cloudwatch.IAlarm[],
): SystemDashboard {
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(3) });
  const schedules: SyncSchedule[] = [];
  const late = (width: number, height: number, make: () => cloudwatch.IWidget) => new LateWidget(width, height, make);
  dashboard.addWidgets(
    ...primary(props),
    late(6, HEIGHT, () => isStale(schedules)),
    isFarmFull(props),
  );
  dashboard.addWidgets(
    late(24, 4, () => new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: alarms(), width: 24, height: 4 })),
  );
  if (props.dispatcher) {
    dashboard.addWidgets(
      late(12, HEIGHT, () => outcomes(schedules)),
      late(12, HEIGHT, () => successes(schedules)),
    );
  }
  dashboard.addWidgets(...servers(props));
  dashboard.addWidgets(...database(props));
  return { dashboard, addSchedule: (schedule) => void schedules.push(schedule) };
}

/** Made at the end: schedules and alarms are added after the dashboard. */
class LateWidget extends cloudwatch.ConcreteWidget {
  constructor(
    width: number,
    height: number,
    private readonly make: () => cloudwatch.IWidget,
  ) {
    super(width, height);
  }

  public toJson() {
    const widget = this.make();
    widget.position(this.x ?? 0, this.y ?? 0);
    return widget.toJson();
  }
}

function isStale(schedules: readonly SyncSchedule[]): cloudwatch.IWidget {
  // The last run may be long ago.
  const period = Duration.days(1);
  return ofSchedules(schedules, 6, (each) => {
    return new cloudwatch.SingleValueWidget({
      title: 'Is a remote stale? Seconds since its last sync, at most',
      metrics: each.map((it) => it.metricOldestSuccessAge({ label: it.scheduleName, period })),
      width: 6,
      height: HEIGHT,
    });
  });
}

function outcomes(schedules: readonly SyncSchedule[]): cloudwatch.IWidget {
  return ofSchedules(schedules, 12, (each) =>
    graph(
      'Syncs',
      12,
      each.flatMap((it) => [
        it.metricSynchronized({ label: `${it.scheduleName}: synchronized` }),
        it.metricFailed({ label: `${it.scheduleName}: failed` }),
        it.metricMissed({ label: `${it.scheduleName}: missed` }),
      ]),
    ),
  );
}

function successes(schedules: readonly SyncSchedule[]): cloudwatch.IWidget {
  return ofSchedules(schedules, 12, (each) =>
    graph(
      'Runs: synchronized of those tried, in percent',
      12,
      each.map((it) => it.metricRunSuccessPercent({ label: it.scheduleName })),
    ),
  );
}

/** CloudWatch refuses a graph of nothing. */
function ofSchedules(
  schedules: readonly SyncSchedule[],
  width: number,
  make: (schedules: readonly SyncSchedule[]) => cloudwatch.IWidget,
): cloudwatch.IWidget {
  if (schedules.length > 0) return make(schedules);
  const markdown = 'No schedule of this system: remotes synchronize on their own account.';
  return new cloudwatch.TextWidget({ markdown, width, height: HEIGHT });
}

function primary({ tracker }: SyncMonitoringProps): cloudwatch.IWidget[] {
  if (tracker) return [whoIs(tracker), isStable(tracker)];
  const markdown = 'Nobody tracks this database: its own monitoring says who is primary.';
  return [new cloudwatch.TextWidget({ markdown, width: 12, height: HEIGHT })];
}

function whoIs(tracker: TrackedDatabase): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Who is primary, and since when?',
    logGroupNames: [tracker.logGroup.logGroupName],
    queryLines: whoIsPrimary(tracker),
    width: 8,
    height: HEIGHT,
  });
}

function isStable(tracker: TrackedDatabase): cloudwatch.IWidget {
  return new cloudwatch.SingleValueWidget({
    title: 'Is it stable?',
    metrics: [
      tracker.metricSecondsUnstable({ label: 'Seconds without a stable primary', period: Duration.minutes(1) }),
      tracker.metricPrimaryChanges({ label: 'Failovers', period: Duration.days(1) }),
    ],
    width: 4,
    height: HEIGHT,
  });
}

function isFarmFull({ farm }: SyncMonitoringProps): cloudwatch.IWidget {
  const percent = (id: string, label: string, value: cloudwatch.Metric, most: string) =>
    new cloudwatch.MathExpression({
      expression: `100 * ${id} / ${most}`,
      usingMetrics: { [id]: value },
      period: PERIOD,
      label,
    });
  return new cloudwatch.GaugeWidget({
    title: 'Is the farm full? In percent of what it may have',
    metrics: [
      percent(
        'servers',
        'Servers',
        farm.metricHealthyServers({ statistic: cloudwatch.Stats.MAXIMUM }),
        text(farm._size.maxServers),
      ),
      percent('connections', 'Connections of a server', farm.metricDatabaseConnections(), budgetOf(farm._size)),
    ],
    leftYAxis: { min: 0, max: 100 },
    width: 6,
    height: HEIGHT,
  });
}

function servers({ farm }: SyncMonitoringProps): cloudwatch.IWidget[] {
  const it = { period: PERIOD };
  return [
    graph('Servers', 8, [
      farm.metricHealthyServers({ ...it, label: 'healthy' }),
      farm.metricUnhealthyServers({ ...it, label: 'unhealthy' }),
    ]),
    graph('Work of a server', 8, [
      farm.metricSyncQueue({ ...it, label: 'waiting' }),
      farm.metricConnectedClients({ ...it, label: 'remotes connected' }),
    ]),
    graph('Errors in the log of the servers', 8, [
      farm.metricServerErrors({ ...it, label: 'all' }),
      farm.metricDatabaseErrors({ ...it, label: 'of the database' }),
    ]),
  ];
}

function database(props: SyncMonitoringProps): cloudwatch.IWidget[] {
  const { tracker, farm } = props;
  const it = { period: PERIOD };
  const percent = connectionsPercent(props.database, farm);
  return [
    ...(percent ? [graph('Connections of the database, in percent', 8, [percent])] : []),
    graph('Longest wait for the database, in microseconds', 8, [
      farm.metricLongestDatabaseWait({ ...it, label: 'wait' }),
    ]),
    ...(tracker
      ? [
          graph('Looks of the tracker', 8, [
            tracker.metricPolls({ ...it, label: 'looks' }),
            tracker.metricFailedObservations({ ...it, label: 'without an answer' }),
          ]),
        ]
      : []),
  ];
}

function graph(title: string, width: number, left: cloudwatch.IMetric[] = []): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, width, height: HEIGHT, left });
}

function text(value: number): string {
  return Tokenization.stringifyNumber(value);
}
