import type { InvocationResult } from '../functions/function-runtime';
import type { Clock, Scheduled } from './clock';
import { type MappedFunction, type MappingDescription, mappingProblems } from './event-source-checks';
import { eventOf, reportedFailures } from './event-source-records';
import type { Latencies } from './latencies';
import type { Permission } from './service';
import type { Sqs } from './sqs';
import type { Queue, Received } from './sqs-queue';

export interface MappingWorld {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  readonly sqs: Sqs;
  /** Asks IAM for a call that Lambda makes in the role's name. */
  authorizeRole(roleArn: string, permission: Permission): { allowed: boolean; message: string };
  /** Undefined when the function is throttled. */
  invoke(functionArn: string, payload: unknown): Promise<InvocationResult | undefined>;
  onTrouble(what: string): void;
}

/** Lambda Developer Guide, "Scaling behavior for Amazon SQS event source mappings": batches at once, first and at most, and growth. */
const SCALING = { first: 5, perMinute: 300, most: 1_250 };

/** Messages a call of ReceiveMessage [SQS API reference]. */
const MOST_RECEIVED = 10;

/** UNSOURCED: "gradually backs off" is all that the Developer Guide says of a throttled function. */
const THROTTLED = { firstMillis: 1_000, longestMillis: 60_000 };

/**
 * Lambda's pollers of one queue for one function. A batch is deleted when the function has worked it off; whatever else
 * becomes of it, it comes again when its visibility time-out ends.
 */
export class EventSourceMapping {
  private readonly queue: Queue;
  /** Batches that are on their way to a poller, being gathered, or with the function. */
  private busy = 0;
  private busySince = 0;
  /** Polls that have begun and not yet received. */
  private polling = 0;
  private growing = false;
  private gathering?: { readonly batch: Received[]; readonly end: Scheduled };

  /** Refuses what Lambda would refuse to create. */
  constructor(
    private readonly description: MappingDescription,
    private readonly fn: MappedFunction,
    private readonly world: MappingWorld,
  ) {
    const { name, queueArn } = description;
    const queue = world.sqs.find(queueArn);
    if (!queue) throw new Error(`${name}: the rehearsal has no standard queue ${queueArn} to poll`);
    this.queue = queue;
    const problems = mappingProblems(description, fn, queue.description);
    if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}`);
  }

  /** Begins to poll, if the function's role may. */
  public start(): void {
    const { queueArn, name } = this.description;
    const needed = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
    const refused = needed.flatMap((action) =>
      this.world.sqs
        .permissions(action, queueArn)
        .map((permission) => ({ action, ...this.world.authorizeRole(this.fn.roleArn, permission) }))
        .filter(({ allowed }) => !allowed),
    );
    for (const { action, message } of refused) {
      const words = `The provided execution role does not have permissions to call ${action} on SQS`;
      this.world.onTrouble(`${name} delivers nothing. ${words}: ${message}`);
    }
    if (refused.length > 0) return;
    this.queue.watch(() => this.onAvailable());
    this.onAvailable();
  }

  private onAvailable(): void {
    if (this.gathering) this.gather(this.gathering.batch);
    this.poll();
  }

  /** Begins as many polls as there are batches to be had and pollers to spare. */
  private poll(): void {
    const { clock, latencies } = this.world;
    const wanted = () => Math.ceil(this.queue.counts().visible / this.description.batchSize) - this.polling;
    for (let left = wanted(); left > 0 && this.busy < this.limit(); left--) {
      if (this.busy === 0) this.busySince = clock.now();
      this.busy++;
      this.polling++;
      clock.after(latencies.sample('queue-poll'), `poll of ${this.description.name}`, () => this.receive());
    }
    if (wanted() > 0 && this.limit() < this.most() && !this.growing) {
      this.growing = true;
      clock.after(1_000, `growth of ${this.description.name}`, () => {
        this.growing = false;
        this.poll();
      });
    }
  }

  private most(): number {
    return this.description.maximumConcurrency ?? SCALING.most;
  }

  private limit(): number {
    if (this.busy === 0) return Math.min(SCALING.first, this.most());
    const minutes = (this.world.clock.now() - this.busySince) / 60_000;
    return Math.min(SCALING.first + Math.floor(minutes * SCALING.perMinute), this.most());
  }

  private receive(): void {
    this.polling--;
    const { windowMillis } = this.description;
    if (this.gathering) {
      this.gather(this.gathering.batch);
      this.free();
      return;
    }
    const batch = this.fill([]);
    if (windowMillis === 0 || batch.length === 0 || this.isFull(batch)) {
      this.work(batch);
      return;
    }
    const end = this.world.clock.after(windowMillis, `window of ${this.description.name}`, () => {
      this.gathering = undefined;
      this.work(batch);
    });
    this.gathering = { batch, end };
  }

  /** What comes within the window joins the batch. */
  private gather(batch: Received[]): void {
    this.fill(batch);
    if (!this.isFull(batch)) return;
    this.gathering?.end.cancel();
    this.gathering = undefined;
    this.work(batch);
  }

  private isFull(batch: readonly Received[]): boolean {
    return batch.length >= this.description.batchSize;
  }

  private fill(batch: Received[]): Received[] {
    for (let more = true; more && !this.isFull(batch); ) {
      const received = this.queue.receive(Math.min(MOST_RECEIVED, this.description.batchSize - batch.length));
      batch.push(...received);
      more = received.length > 0;
    }
    return batch;
  }

  private work(batch: readonly Received[]): void {
    if (batch.length > 0) void this.invoke(batch, 0);
    else this.busy--;
  }

  private async invoke(batch: readonly Received[], throttled: number): Promise<void> {
    const { clock } = this.world;
    const { functionArn, queueArn } = this.description;
    const result = await this.world.invoke(functionArn, eventOf(batch, queueArn));
    if (result) {
      this.finish(batch, result);
      return;
    }
    const pause = Math.min(THROTTLED.firstMillis * 2 ** throttled, THROTTLED.longestMillis);
    const again = clock.now() + pause < Math.min(...batch.map(({ visibleAt }) => visibleAt));
    clock.after(again ? pause : 0, `throttled batch of ${this.description.name}`, () => {
      if (again) void this.invoke(batch, throttled + 1);
      else this.free();
    });
  }

  private finish(batch: readonly Received[], result: InvocationResult): void {
    const { clock, latencies } = this.world;
    const done = this.workedOff(batch, result);
    if (done.length > 0) {
      clock.after(latencies.sample('sqs:DeleteMessage'), `deletion by ${this.description.name}`, () => {
        for (const { receiptHandle } of done) this.queue.delete(receiptHandle);
      });
    }
    this.free();
  }

  private workedOff(batch: readonly Received[], { outcome, value }: InvocationResult): readonly Received[] {
    if (outcome !== 'returned') return [];
    if (!this.description.reportsItemFailures) return batch;
    const failed = reportedFailures(value, batch);
    if (!failed) {
      const answer = JSON.stringify(value);
      this.world.onTrouble(`${this.description.name}: no list of batch item failures that Lambda can read: ${answer}`);
      return [];
    }
    return batch.filter(({ message }) => !failed.has(message.id));
  }

  private free(): void {
    this.busy--;
    this.poll();
  }
}
