import type { QueueDescription } from './sqs-queue';

export interface MappingDescription {
  /** For messages: the construct's path. */
  readonly name: string;
  readonly queueArn: string;
  readonly functionArn: string;
  /** Messages an invocation. */
  readonly batchSize: number;
  /** How long messages are gathered before an invocation. */
  readonly windowMillis: number;
  /** @default - up to 1 250, as messages come */
  readonly maximumConcurrency?: number;
  /** The function says itself which messages of a batch failed. */
  readonly reportsItemFailures: boolean;
}

/** As much of the function as Lambda looks at when a mapping is made. */
export interface MappedFunction {
  readonly roleArn: string;
  readonly timeoutMillis: number;
}

/** Lambda API reference, CreateEventSourceMapping. */
const LIMITS = {
  batchSize: 10_000,
  batchSizeWithoutWindow: 10,
  windowMillis: 300_000,
  concurrency: [2, 1_000],
} as const;

/** Why Lambda would not create a mapping; nothing where it would. */
export function mappingProblems(
  description: MappingDescription,
  fn: MappedFunction,
  queue: QueueDescription,
): string[] {
  const { batchSize, windowMillis, maximumConcurrency } = description;
  const visibility = queue.visibilityTimeoutSeconds;
  const timeout = fn.timeoutMillis / 1000;
  const [least, most] = LIMITS.concurrency;
  const problems: [boolean, string][] = [
    // In Lambda's own words.
    [
      visibility < timeout,
      `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeout} seconds`,
    ],
    [batchSize < 1 || batchSize > LIMITS.batchSize, `BatchSize is ${batchSize}, must be 1 to ${LIMITS.batchSize}`],
    [
      batchSize > LIMITS.batchSizeWithoutWindow && windowMillis === 0,
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    [
      windowMillis < 0 || windowMillis > LIMITS.windowMillis,
      `MaximumBatchingWindowInSeconds is ${windowMillis / 1000}, must be 0 to ${LIMITS.windowMillis / 1000}`,
    ],
    [
      maximumConcurrency !== undefined && (maximumConcurrency < least || maximumConcurrency > most),
      `MaximumConcurrency is ${maximumConcurrency}, must be ${least} to ${most}`,
    ],
  ];
  return problems.filter(([broken]) => broken).map(([, problem]) => problem);
}
