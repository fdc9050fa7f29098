/** What a stand-in for one AWS service promises the wire, and the wire the stand-in. */

/** Who signed a call: the function process that holds the access key. */
export interface Caller {
  readonly functionName: string;
  readonly roleArn: string;
}

/** One action on one resource, as the service would ask IAM. */
export interface Permission {
  /** For example `rds:DescribeDBInstances`. */
  readonly action: string;
  /** An ARN, or `*` for an action without resources. */
  readonly resource: string;
  /** Condition keys that the service itself sets; the global ones are added by the wire. */
  readonly context?: Readonly<Record<string, string | string[]>>;
}

export interface Call {
  readonly service: string;
  readonly operation: string;
  /** The input as the SDK's own schema reads it: dates are Date, numbers are numbers. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

export interface Operation {
  /** Every permission that the call needs; all are checked before `answer` is asked. */
  permissions(call: Call): Permission[];
  /** The output as the SDK's schema writes it, or a thrown {@link ServiceError}. Runs at one instant of virtual time. */
  answer(call: Call): Record<string, unknown> | Promise<Record<string, unknown>>;
}

export interface ServiceStandIn {
  /** The SigV4 signing name: `rds`, `events`, `dynamodb`. */
  readonly signingName: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** An error as the service would answer it; the SDK sees `code` as the error's name. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly statusCode = 400,
  ) {
    super(message);
  }
}
