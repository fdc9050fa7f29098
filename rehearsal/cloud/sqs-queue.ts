import { createHash } from 'node:crypto';
import type { Chance } from './chance';
import type { Clock, Scheduled } from './clock';
import { eventId } from './event-bus-event';
import { QUEUE_ERRORS } from './sqs-errors';
import { checkDraft, type Draft, type Message } from './sqs-message';

export interface QueueDescription {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly delaySeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly retentionSeconds: number;
  readonly maximumMessageBytes: number;
  /** @default - what cannot be worked off comes again until its retention ends */
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceiveCount: number };
  /** ARN of the customer's key that encrypts it. @default - a key of AWS, which needs no permission */
  readonly keyArn?: string;
}

/** What a standard queue may do at any time, as often as a scenario wants it [SQS Developer Guide, "standard queues"]. */
export interface QueueFaults {
  /** How likely a message that is received is there a second time, for somebody else. @default 0 */
  duplicateProbability: number;
  /** Messages come in any order. @default false */
  shuffled: boolean;
}

export interface QueueWorld {
  readonly clock: Pick<Clock, 'now' | 'at'>;
  readonly ids: Chance;
  readonly faults: QueueFaults;
  readonly faultChance: Chance;
  /** Takes a message that was received too often. */
  onDeadLetter(message: Message): void;
  /** A message grew older than the queue keeps it: nobody has worked it off. */
  onExpired(message: Message): void;
}

export interface Received {
  readonly message: Message;
  readonly receiptHandle: string;
  /** When it comes again unless it is deleted. */
  readonly visibleAt: number;
}

/** A message as it lies on one of the servers of the queue; a standard queue may have it twice. */
interface Copy {
  readonly message: Message;
  /** A second copy has no third. */
  readonly isDuplicate: boolean;
  availableAt: number;
  receipts: number;
  handle?: string;
  wake?: Scheduled;
}

/** A standard queue: delivers at least once, in about the order in which it got what it holds. */
export class Queue {
  private readonly watchers: (() => void)[] = [];
  private copies: Copy[] = [];
  private readonly handles = new Map<string, Copy>();

  constructor(
    public readonly description: QueueDescription,
    private readonly world: QueueWorld,
  ) {}

  /** Calls somebody at each moment at which a message becomes available. */
  public watch(watcher: () => void): void {
    this.watchers.push(watcher);
  }

  public send(draft: Draft): Message {
    const { body, attributes = {}, senderId, delaySeconds = this.description.delaySeconds } = draft;
    checkDraft(draft, this.description.maximumMessageBytes);
    const { clock, ids } = this.world;
    const message = { id: eventId(ids), body, attributes, senderId, sentAt: clock.now(), receiveCount: 0 };
    this.add(message, delaySeconds);
    return message;
  }

  /** Takes a message over from the queue in which it could not be worked off. */
  public takeOver(message: Message): void {
    this.add(message, this.description.delaySeconds);
  }

  /** Up to so many messages, each hidden from others for a while. */
  public receive(most: number, visibilitySeconds = this.description.visibilityTimeoutSeconds): Received[] {
    const received: Received[] = [];
    while (received.length < most) {
      const copy = this.next();
      if (!copy) break;
      const { redrive } = this.description;
      if (redrive && copy.message.receiveCount >= redrive.maxReceiveCount) {
        this.remove(copy);
        copy.message.deadLetterSource = this.description.arn;
        this.world.onDeadLetter(copy.message);
      } else {
        received.push(this.hide(copy, visibilitySeconds));
      }
    }
    return received;
  }

  /** Deletes what was received under a handle; with one that is out of date nothing happens, and nobody is told. */
  public delete(handle: string): void {
    const copy = this.copyOf(handle);
    if (copy.handle === handle) this.remove(copy);
  }

  public changeVisibility(handle: string, seconds: number): void {
    const copy = this.copyOf(handle);
    if (copy.handle !== handle || !this.copies.includes(copy) || copy.availableAt <= this.world.clock.now()) {
      throw QUEUE_ERRORS.notInFlight();
    }
    this.wakeAt(copy, seconds);
  }

  /** How many messages are there to be received, are hidden with a receiver, and wait for their delay to end. */
  public counts(): { visible: number; inFlight: number; delayed: number } {
    this.expire();
    const now = this.world.clock.now();
    const hidden = this.copies.filter(({ availableAt }) => availableAt > now);
    const inFlight = hidden.filter(({ receipts }) => receipts > 0).length;
    return { visible: this.copies.length - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }

  /** Every message, whoever has it. */
  public messages(): Message[] {
    this.expire();
    return [...new Set(this.copies.map(({ message }) => message))];
  }

  /** Takes every message out. */
  public drain(): Message[] {
    const messages = this.messages();
    for (const copy of [...this.copies]) this.remove(copy);
    return messages;
  }

  private add(message: Message, delaySeconds: number, isDuplicate = false): void {
    const copy = { message, isDuplicate, availableAt: 0, receipts: 0 };
    this.copies.push(copy);
    this.wakeAt(copy, delaySeconds);
  }

  private next(): Copy | undefined {
    this.expire();
    const now = this.world.clock.now();
    const available = this.copies.filter(({ availableAt }) => availableAt <= now);
    const { faults, faultChance } = this.world;
    return available[faults.shuffled && available.length > 1 ? faultChance.between(0, available.length - 1) : 0];
  }

  private hide(copy: Copy, visibilitySeconds: number): Received {
    const { clock, faults, faultChance } = this.world;
    const { message } = copy;
    message.receiveCount++;
    message.firstReceivedAt ??= clock.now();
    copy.receipts++;
    const seed = `${this.description.arn} ${message.id} ${copy.isDuplicate} ${copy.receipts}`;
    copy.handle = `AQEB${createHash('sha512').update(seed).digest('base64')}`;
    this.handles.set(copy.handle, copy);
    this.wakeAt(copy, visibilitySeconds);
    const repeats = faults.duplicateProbability > 0 && !copy.isDuplicate;
    if (repeats && faultChance.next() < faults.duplicateProbability) {
      // While the first receiver has it, or after it is done: both happen.
      this.add(message, faultChance.between(0, 2 * visibilitySeconds), true);
    }
    return { message, receiptHandle: copy.handle, visibleAt: copy.availableAt };
  }

  private wakeAt(copy: Copy, seconds: number): void {
    const { clock } = this.world;
    copy.wake?.cancel();
    copy.availableAt = clock.now() + seconds * 1000;
    copy.wake = clock.at(copy.availableAt, `a message in ${this.description.name}`, () => {
      for (const watcher of this.watchers) watcher();
    });
  }

  private remove(copy: Copy): void {
    copy.wake?.cancel();
    this.copies = this.copies.filter((it) => it !== copy);
  }

  private expire(): void {
    const oldest = this.world.clock.now() - this.description.retentionSeconds * 1000;
    for (const copy of this.copies.filter(({ message }) => message.sentAt <= oldest)) {
      this.remove(copy);
      this.world.onExpired(copy.message);
    }
  }

  private copyOf(handle: string): Copy {
    const copy = this.handles.get(handle);
    if (!copy) throw QUEUE_ERRORS.noHandle(handle);
    return copy;
  }
}
