/** What EventBridge Scheduler knows about one invocation of a target. */
export interface ScheduleInvocation {
  /** The time for which the schedule was set, not the one at which it fired; milliseconds since 1970. */
  readonly scheduledMillis: number;
  readonly scheduleArn: string;
  readonly executionId: string;
  /** 1 for the first attempt. */
  readonly attemptNumber: number;
}

/**
 * Replaces the context attributes in the `Input` of a schedule's target [EventBridge Scheduler User Guide, "Adding context
 * attributes"]. A misspelt one would reach the target as it is written: it is refused instead.
 */
export function replaceContextAttributes(input: string, invocation: ScheduleInvocation): string {
  const values: Readonly<Record<string, string>> = {
    'scheduled-time': new Date(invocation.scheduledMillis).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    'schedule-arn': invocation.scheduleArn,
    'execution-id': invocation.executionId,
    'attempt-number': String(invocation.attemptNumber),
  };
  return input.replace(/<aws\.scheduler\.([^>]*)>/g, (attribute, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`EventBridge Scheduler knows no context attribute ${attribute}`);
    return value;
  });
}
