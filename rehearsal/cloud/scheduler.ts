import { replaceContextAttributes } from '../events/schedule-context';
import { readSchedule, type Schedule } from '../events/schedule-expression';
import type { Clock } from './clock';
import {
  DEFAULT_RETRY,
  type DeadLetter,
  deliver,
  type RetryPolicy,
  type RuleDescription,
  refuseUnknownTargets,
} from './event-bus-targets';
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
  /** @default - Scheduler's own: 185 attempts within 24 hours */
  readonly retryPolicy?: RetryPolicy;
  /** @default - what the target does not take is lost */
  readonly deadLetterArn?: string;
  /** Milliseconds since 1970. @default - fires from the beginning */
  readonly startsAt?: number;
  /** Milliseconds since 1970. @default - fires for ever */
  readonly endsAt?: number;
}

export interface SchedulerWorld {
  readonly clock: Pick<Clock, 'now' | 'at' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  /**
   * Assumes the schedule's role and calls the target; throws a ServiceError when the target does not take it.
   * @param sourceArn what Scheduler gives as `aws:SourceArn` when it assumes the role
   */
  invoke(schedule: ScheduleDescription, payload: string, sourceArn: string): void;
  /** @default - what the target does not take is only counted in `failed` */
  deadLetter?(letter: DeadLetter): void;
}

/** EventBridge Scheduler: fires anywhere within the minute of the scheduled time, and then anywhere in its window. */
export class Scheduler {
  /** Every invocation that was given up; at AWS a metric, `InvocationDroppedCount`. */
  public readonly failed: { at: number; schedule: string; reason: string }[] = [];

  constructor(
    private readonly schedules: ScheduleDescription[],
    private readonly world: SchedulerWorld,
  ) {
    for (const { name, targetArn } of schedules) refuseUnknownTargets(`schedule ${name}`, [targetArn]);
  }

  /** Begins to fire; rates count from this moment. */
  public start(): void {
    const now = this.world.clock.now();
    for (const description of this.schedules) {
      if (!description.enabled) continue;
      const startMillis = Math.max(now, description.startsAt ?? now);
      const { expression, timezone: timeZone } = description;
      const schedule = readSchedule(expression, { service: 'scheduler', timeZone, startMillis });
      this.plan(description, schedule, startMillis);
    }
  }

  private plan(description: ScheduleDescription, schedule: Schedule, after: number): void {
    const { clock, latencies } = this.world;
    const scheduled = schedule.next(after);
    if (scheduled === undefined || scheduled > (description.endsAt ?? Number.POSITIVE_INFINITY)) return;
    clock.at(scheduled, `schedule ${description.name}`, () => {
      this.plan(description, schedule, scheduled);
      const window = description.windowMinutes * latencies.sample('share-of-window') * 60;
      const late = latencies.sample('schedule-precision') + window;
      clock.after(late, `fire ${description.name}`, () => this.fire(description, scheduled));
    });
  }

  private fire(schedule: ScheduleDescription, scheduledMillis: number): void {
    const { world } = this;
    let attemptNumber = 1;
    const input = () =>
      replaceContextAttributes(schedule.input, {
        scheduledMillis,
        scheduleArn: schedule.arn,
        executionId: `${schedule.name}-${scheduledMillis}`,
        attemptNumber,
      });
    deliver(
      {
        what: `schedule ${schedule.name}`,
        sourceArn: schedule.arn,
        targetArn: schedule.targetArn,
        body: input(),
        retryPolicy: schedule.retryPolicy ?? DEFAULT_RETRY,
        deadLetterArn: schedule.deadLetterArn,
        attempt: () => {
          const payload = input();
          attemptNumber++;
          world.invoke(schedule, payload, groupArnOf(schedule.arn));
        },
      },
      // The longest of the possible pauses: nothing here depends on their length.
      { clock: world.clock, chance: { next: () => 1 }, deadLetter: (letter) => world.deadLetter?.(letter) },
      ({ message }) => this.failed.push({ at: world.clock.now(), schedule: schedule.name, reason: message }),
    );
  }
}

/**
 * `arn:...:schedule/GROUP/NAME` to `arn:...:schedule-group/GROUP`: a trust policy that names a single schedule lets nobody in
 * (Scheduler User Guide, "Confused deputy prevention": the ARN must be a schedule group).
 */
export function groupArnOf(scheduleArn: string): string {
  return scheduleArn.replace(/:schedule\/([^/]+)\/.*$/, ':schedule-group/$1');
}

/** The rules of EventBridge that fire by a schedule; in UTC, some seconds after the minute. */
export class ScheduledRules {
  constructor(
    private readonly rules: readonly RuleDescription[],
    private readonly world: Pick<SchedulerWorld, 'clock'>,
    private readonly fire: (rule: RuleDescription, scheduled: number) => void,
  ) {}

  /** Begins to fire; rates count from this moment. */
  public start(): void {
    const startMillis = this.world.clock.now();
    for (const rule of this.rules) {
      if (!rule.enabled || rule.scheduleExpression === undefined) continue;
      this.plan(rule, readSchedule(rule.scheduleExpression, { service: 'rule', startMillis }), startMillis);
    }
  }

  private plan(rule: RuleDescription, schedule: Schedule, after: number): void {
    const scheduled = schedule.next(after);
    if (scheduled === undefined) return;
    this.world.clock.at(scheduled, `rule ${rule.name}`, () => {
      this.plan(rule, schedule, scheduled);
      this.fire(rule, scheduled);
    });
  }
}
