/** What EventBridge Scheduler knows of one firing. */
export interface ContextAttributes {
  /** ISO 8601 without a fraction, as the Scheduler writes it. */
  readonly scheduledTime: string;
  readonly scheduleArn: string;
  readonly executionId: string;
}

/** Replaces the context attributes in a schedule's input (EventBridge Scheduler User Guide, "Adding context attributes"). */
export function fillInContextAttributes(input: string, attributes: ContextAttributes): string {
  const values: Readonly<Record<string, string>> = {
    'scheduled-time': attributes.scheduledTime,
    'schedule-arn': attributes.scheduleArn,
    'execution-id': attributes.executionId,
    'attempt-number': '1',
  };
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (text, name: string) => values[name] ?? text);
}
