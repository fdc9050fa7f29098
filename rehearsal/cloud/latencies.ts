import type { Chance } from './chance';

/**
 * How long things take in the rehearsed world, in milliseconds, the one table. Code runs in no time there, so without latencies
 * "detection lag" and races would mean nothing. UNSOURCED but where a source is named: orders of magnitude, not promises.
 */
const TABLE = {
  /** A control plane call. */
  'rds:DescribeDBInstances': [40, 180],
  'dynamodb:GetItem': [3, 12],
  'dynamodb:PutItem': [4, 16],
  'dynamodb:UpdateItem': [4, 16],
  'events:PutEvents': [15, 60],
  'logs:PutLogEvents': [10, 40],
  'sqs:SendMessage': [5, 30],
  'sqs:SendMessageBatch': [8, 40],
  'sqs:DeleteMessage': [5, 30],
  /** Any other call. */
  call: [20, 120],
  /** A look-up at the resolver of the VPC. */
  dns: [1, 20],
  /** A look-up and a TCP handshake between two zones of one Region. */
  connect: [1, 20],
  /** A SQL Anywhere server that calls a procedure for a question over HTTP. */
  'http:GET /mobilink_ha_role': [2, 25],
  /** A change of a hosted zone until the API answers. */
  'route53:ChangeResourceRecordSets': [60, 400],
  /** Starting a new environment: 256 MB on ARM with a bundle of half a megabyte. */
  'cold-start': [250, 900],
  /** Handing an asynchronous invocation to an environment that is warm. */
  invoke: [10, 60],
  /** From a message being there to be read to its arrival at Lambda's poller, which polls long. */
  'queue-poll': [10, 150],
  /** From a command to its start on a connected host. UNSOURCED. */
  'ssm-delivery': [300, 3_000],
  /** From SendCommand to the command's being listed. UNSOURCED. */
  'ssm-listing': [0, 5_000],
  /** What the script itself takes on a host, without the sync. UNSOURCED. */
  'host-script': [500, 2_500],
  /** From PutEvents or a service to the target of a rule: about half a second (EventBridge, "latency" on its product page). */
  'event-delivery': [150, 1_500],
  /** From something that happens in RDS to its event on the bus. "Near-real time", best effort (RDS User Guide). */
  'rds-event': [1_000, 15_000],
  /** EventBridge Scheduler fires within its minute ("Schedule types in EventBridge Scheduler": 60 seconds precision). */
  'schedule-precision': [0, 59_000],
  /** Where in its flexible window a schedule fires, in thousandths of it. */
  'share-of-window': [0, 999],
} as const satisfies Record<string, readonly [number, number]>;

export class Latencies {
  private readonly sources = new Map<string, Chance>();

  constructor(private readonly chance: Chance) {}

  /** A latency for a purpose; a purpose that is not in the table takes as long as calls do that are not named. */
  public sample(purpose: string): number {
    const [lowest, highest] = isListed(purpose) ? TABLE[purpose] : TABLE.call;
    const source = this.sources.get(purpose) ?? this.chance.fork(purpose);
    this.sources.set(purpose, source);
    return source.between(lowest, highest);
  }
}

function isListed(purpose: string): purpose is keyof typeof TABLE {
  return Object.hasOwn(TABLE, purpose);
}
