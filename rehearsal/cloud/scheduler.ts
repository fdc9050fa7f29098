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
  /** The first firing of the expression after a moment; undefined when there is none. */
  nextFiring(expression: string, timezone: string, after: number, start: number): number | undefined;
  /** The input with the scheduler's context attributes filled in. */
  fillIn(input: string, attributes: { scheduledTime: string; scheduleArn: string; executionId: string }): string;
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
    const start = this.world.clock.now();
    for (const schedule of this.schedules) if (schedule.enabled) this.plan(schedule, start, start);
  }

  private plan(schedule: ScheduleDescription, after: number, start: number): void {
    const { clock, latencies } = this.world;
    const scheduled = this.world.nextFiring(schedule.expression, schedule.timezone, after, start);
    if (scheduled === undefined) return;
    clock.at(scheduled, `schedule ${schedule.name}`, () => {
      this.plan(schedule, scheduled, start);
      const late = latencies.sample('schedule-precision');
      const window =
        schedule.windowMinutes === 0 ? 0 : (late * schedule.windowMinutes) % (schedule.windowMinutes * 60_000);
      clock.after(late + window, `fire ${schedule.name}`, () => this.fire(schedule, scheduled));
    });
  }

  private fire(schedule: ScheduleDescription, scheduled: number): void {
    const scheduledTime = new Date(scheduled).toISOString().replace(/\.\d{3}Z$/, 'Z');
    const attributes = { scheduledTime, scheduleArn: schedule.arn, executionId: `${schedule.name}-${scheduled}` };
    this.world.invoke(schedule, this.world.fillIn(schedule.input, attributes));
  }
}
