/** What a stand-in for one AWS service promises the wire, and the wire the stand-in. */

/** Who signed a call: the function process that holds the access key. */
export interface Caller {
  readonly functionName: string;
  readonly roleArn: string;
  /** The execution environment; orders what several ask at one moment. */
  readonly process: string;
}

/** One action on one resource, as the service would ask IAM. */
export interface Permission {
  /** For example `rds:DescribeDBInstances`. */
  readonly action: string;
  /** An ARN, or `*` for an action without resources. */
  readonly resource: string;
  /** Condition keys that the service itself sets; the global ones are added where IAM is asked. */
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
  /** The output as the SDK's schema writes it, or a thrown {@link ServiceError}. Runs at one moment of virtual time. */
  answer(call: Call): Record<string, unknown> | Promise<Record<string, unknown>>;
}

/** A service whose requests and answers follow the schemas that the SDK's client exports. */
export interface ServiceStandIn {
  readonly kind: 'by-schema';
  /** The SigV4 signing name: `rds`, `events`. */
  readonly signingName: string;
  /** The exports of the SDK's client module: its operation schemas end in `$`. */
  readonly client: Readonly<Record<string, unknown>>;
  readonly protocol: 'aws-query' | 'rest-xml' | 'aws-json-1.0' | 'aws-json-1.1';
  readonly operations: Readonly<Record<string, Operation>>;
}

/** A service with an emulator that speaks HTTP itself, or the hosts of the synthesized system. */
export interface RawServiceStandIn {
  readonly kind: 'raw';
  readonly signingName: string;
  /** @param operation from the header X-Amz-Target. */
  permissions(operation: string, body: Record<string, unknown>): Permission[];
  /** Undefined: no answer ever comes. */
  handle(request: RawRequest): Promise<RawAnswer | undefined>;
}

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** An error as the service would answer it; the SDK sees `code` as the error's name. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly statusCode = 400,
    /** Its code in the Query protocol, which services that have left that protocol still send along. */
    readonly queryCode?: string,
  ) {
    super(message);
  }
}
