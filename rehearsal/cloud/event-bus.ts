import * as client from '@aws-sdk/client-eventbridge';
import { targetInput } from '../events/target-input';
import type { Chance } from './chance';
import type { Clock } from './clock';
import { type CloudEvent, eventId, eventTime } from './event-bus-event';
import {
  DEFAULT_RETRY,
  type DeadLetter,
  deliver,
  type RuleDescription,
  type RuleTarget,
  refuseUnknownTargets,
} from './event-bus-targets';
import type { Latencies } from './latencies';
import { type Call, type Permission, ServiceError, type ServiceStandIn } from './service';

export type { RuleDescription, RuleTarget } from './event-bus-targets';

export interface EventBusWorld {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  readonly chance: Chance;
  readonly account: string;
  readonly region: string;
  /** The ARN of the default bus. */
  readonly busArn: string;
  /**
   * The names of the buses of the assembly.
   * @default - only the default bus
   */
  readonly buses?: readonly string[];
  /** Hands an event, or what the target's input makes of it, to a target; throws a {@link ServiceError} if it is not taken. */
  deliver(rule: RuleDescription, target: RuleTarget, payload: unknown): void;
  /** @default - what cannot be delivered is only counted in `failed` */
  deadLetter?(letter: DeadLetter): void;
}

/** What a scenario makes of the events of AWS services before the bus gets them: loses, repeats, delays, turns round. */
export type Tamper = (event: CloudEvent, deliver: (event: CloudEvent, delayMillis: number) => void) => void;

/** API reference of PutEvents. */
const MOST_ENTRIES = 10;

/** The event buses of EventBridge in one account and Region. */
export class EventBus {
  public readonly standIn: ServiceStandIn;
  /** Every event that reached a bus, with the time at which it did. */
  public readonly published: { at: number; event: CloudEvent }[] = [];
  /** Every delivery that was given up; at AWS a metric, `FailedInvocations`. */
  public readonly failed: { at: number; rule: string; target: string; reason: string }[] = [];
  public onPublished: (event: CloudEvent) => void = () => {};
  public tamper: Tamper = (event, deliver) => deliver(event, this.world.latencies.sample('rds-event'));

  constructor(
    private readonly rules: RuleDescription[],
    private readonly world: EventBusWorld,
  ) {
    for (const rule of rules) this.check(rule);
    this.standIn = {
      kind: 'by-schema',
      signingName: 'events',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        PutEvents: {
          permissions: (call) => this.permissions(entriesOf(call)),
          answer: (call) => this.putEvents(entriesOf(call)),
        },
      },
    };
  }

  /** An event of an AWS service: best effort, so a scenario may tamper with it. */
  public emit(event: CloudEvent): void {
    this.tamper(event, (it, delay) =>
      this.world.clock.after(delay, `event ${it.detail.EventID}`, () => this.publish(it, 'default')),
    );
  }

  /** Fires a rule by its schedule: its targets get an event of their own, which no pattern sees. */
  public fire(rule: RuleDescription, scheduled: number): void {
    const { chance, account, region } = this.world;
    this.send(rule, {
      version: '0',
      id: eventId(chance),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account,
      time: eventTime(scheduled),
      region,
      resources: [rule.arn],
      detail: {},
    });
  }

  private publish(event: CloudEvent, bus: string): void {
    this.published.push({ at: this.world.clock.now(), event });
    this.onPublished(event);
    for (const rule of this.rules) {
      if (rule.enabled && (rule.busName ?? 'default') === bus && rule.matches?.(event)) this.send(rule, event);
    }
  }

  private send(rule: RuleDescription, event: CloudEvent): void {
    const { clock, latencies } = this.world;
    const invocation = { ruleArn: rule.arn, ruleName: rule.name, ingestedMillis: clock.now() };
    for (const target of rule.targets) {
      const payload = targetInput(target.input, { ...event }, invocation);
      clock.after(latencies.sample('event-delivery'), `event to ${target.id}`, () =>
        this.attempt(rule, target, payload),
      );
    }
  }

  private attempt(rule: RuleDescription, target: RuleTarget, payload: unknown): void {
    deliver(
      {
        what: `${rule.name} to ${target.id}`,
        sourceArn: rule.arn,
        targetArn: target.arn,
        body: payload,
        retryPolicy: target.retryPolicy ?? DEFAULT_RETRY,
        deadLetterArn: target.deadLetterArn,
        attempt: () => this.world.deliver(rule, target, payload),
      },
      this.world,
      ({ message }) =>
        this.failed.push({ at: this.world.clock.now(), rule: rule.name, target: target.arn, reason: message }),
    );
  }

  private check(rule: RuleDescription): void {
    const { busName = 'default' } = rule;
    const owner = `rule ${rule.name}`;
    if (!this.knows(busName)) throw new Error(`${owner}: there is no event bus ${busName}`);
    refuseUnknownTargets(
      owner,
      rule.targets.map(({ arn }) => arn),
    );
  }

  private knows(bus: string): boolean {
    return bus === 'default' || (this.world.buses ?? []).includes(bus);
  }

  /** Also for those who put events without a function, as hosts do; they ask for their permissions themselves. */
  public putEvents(entries: Entry[]): Record<string, unknown> {
    if (entries.length < 1 || entries.length > MOST_ENTRIES) {
      throw new ServiceError('ValidationException', `Entries has ${entries.length} of 1 to ${MOST_ENTRIES}`);
    }
    const answers = entries.map((entry) => this.putEvent(entry));
    return { FailedEntryCount: answers.filter((it) => it.ErrorCode !== undefined).length, Entries: answers };
  }

  private putEvent(entry: Entry): { EventId?: string; ErrorCode?: string; ErrorMessage?: string } {
    const { chance, clock, account, region } = this.world;
    const bus = busNameOf(entry);
    const missing = (['Source', 'DetailType', 'Detail'] as const).find((member) => !entry[member]);
    if (missing) {
      const ErrorMessage = `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage };
    }
    const detail = jsonObject(entry.Detail ?? '');
    if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    // "aws." belongs to the services of AWS (EventBridge API reference, PutEventsResultEntry).
    if (entry.Source?.startsWith('aws.')) {
      return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: `Not authorized for the source.` };
    }
    // UNSOURCED: AWS may well take the event and lose it. A rehearsal has to say so.
    if (!this.knows(bus)) {
      return { ErrorCode: 'ResourceNotFoundException', ErrorMessage: `Event bus ${bus} does not exist.` };
    }
    const id = eventId(chance);
    const event: CloudEvent = {
      version: '0',
      id,
      'detail-type': entry.DetailType ?? '',
      source: entry.Source ?? '',
      account,
      time: eventTime(entry.Time?.getTime() ?? clock.now()),
      region,
      resources: entry.Resources ?? [],
      detail,
    };
    this.publish(event, bus);
    return { EventId: id };
  }

  /** One question a bus. Many-valued at AWS, which is why a plain StringEquals on these keys denies. */
  public permissions(entries: Entry[]): Permission[] {
    const buses = [...new Set(entries.map((entry) => entry.EventBusName ?? 'default'))];
    return buses.map((bus) => {
      const ofBus = entries.filter((entry) => (entry.EventBusName ?? 'default') === bus);
      return {
        action: 'events:PutEvents',
        resource: bus.startsWith('arn:') ? bus : this.world.busArn.replace(/[^/]*$/, bus),
        context: {
          'events:source': [...new Set(ofBus.map(({ Source = '' }) => Source))],
          'events:detail-type': [...new Set(ofBus.map(({ DetailType = '' }) => DetailType))],
        },
      };
    });
  }
}

interface Entry {
  readonly Time?: Date;
  readonly Source?: string;
  readonly Resources?: string[];
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
}

function entriesOf(call: Call): Entry[] {
  return (call.input.Entries ?? []) as Entry[];
}

/** A bus is given by its name or its ARN. */
function busNameOf({ EventBusName = 'default' }: Entry): string {
  return EventBusName.split('/').at(-1) ?? EventBusName;
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
