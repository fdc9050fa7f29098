import { replaceContextAttributes } from '../events/schedule-context';
import { readSchedule, type Schedule } from '../events/schedule-expression';
import type { Clock } from './clock';
import type { Latencies } from './latencies';

export interface ScheduleDescription {
  readonly name: string;
  readonly arn: string;
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** Minutes of the flexible time window; 0 when it is off. */
  readonly windowMinutes: number;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly input: string;
}

export interface SchedulerWorld {
  readonly clock: Clock;
  readonly latencies: Latencies;
  /** Assumes the schedule's role and calls the target. */
  invoke(schedule: ScheduleDescription, payload: string): void;
}

/** EventBridge Scheduler: fires anywhere within the minute of the scheduled time, and then anywhere in its window. */
export class Scheduler {
  constructor(
    private readonly schedules: ScheduleDescription[],
    private readonly world: SchedulerWorld,
  ) {}

  /** Begins to fire; rates count from this moment. */
  public start(): void {
    const startMillis = this.world.clock.now();
    for (const schedule of this.schedules) {
      if (!schedule.enabled) continue;
      const timeZone = schedule.timezone;
      this.plan(
        schedule,
        readSchedule(schedule.expression, { service: 'scheduler', timeZone, startMillis }),
        startMillis,
      );
    }
  }

  private plan(description: ScheduleDescription, schedule: Schedule, after: number): void {
    const { clock, latencies } = this.world;
    const scheduled = schedule.next(after);
    if (scheduled === undefined) return;
    clock.at(scheduled, `schedule ${description.name}`, () => {
      this.plan(description, schedule, scheduled);
      const late = latencies.sample('schedule-precision');
      const window = description.windowMinutes * latencies.sample('share-of-window') * 60;
      clock.after(late + window, `fire ${description.name}`, () => this.fire(description, scheduled));
    });
  }

  private fire(schedule: ScheduleDescription, scheduledMillis: number): void {
    const input = replaceContextAttributes(schedule.input, {
      scheduledMillis,
      scheduleArn: schedule.arn,
      executionId: `${schedule.name}-${scheduledMillis}`,
      attemptNumber: 1,
    });
    this.world.invoke(schedule, input);
  }
}
