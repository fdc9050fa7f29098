import * as client from '@aws-sdk/client-eventbridge';
import type { EventPredicate } from '../events/event-pattern';
import { type TargetInput, targetInput } from '../events/target-input';
import type { Chance } from './chance';
import type { Clock } from './clock';
import type { Latencies } from './latencies';
import type { CloudEvent } from './rds-failover';
import { type Call, ServiceError, type ServiceStandIn } from './service';

export interface RuleDescription {
  readonly name: string;
  readonly arn: string;
  /** Undefined for a rule that only has a schedule. */
  readonly matches?: EventPredicate;
  readonly enabled: boolean;
  readonly targets: RuleTarget[];
}

export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  readonly input: TargetInput;
}

export interface EventBusWorld {
  readonly clock: Clock;
  readonly latencies: Latencies;
  readonly chance: Chance;
  readonly account: string;
  readonly region: string;
  readonly busArn: string;
  /** Hands an event, or what the target's input makes of it, to the target of a rule. */
  deliver(rule: RuleDescription, target: RuleTarget, payload: unknown): void;
}

/** What a scenario makes of the events of AWS services before the bus gets them: loses, repeats, delays, turns round. */
export type Tamper = (event: CloudEvent, deliver: (event: CloudEvent, delayMillis: number) => void) => void;

/** The default event bus of EventBridge. */
export class EventBus {
  public readonly standIn: ServiceStandIn;
  /** Every event that reached the bus, with the time at which it did. */
  public readonly published: { at: number; event: CloudEvent }[] = [];
  public onPublished: (event: CloudEvent) => void = () => {};
  public tamper: Tamper = (event, deliver) => deliver(event, this.world.latencies.sample('rds-event'));

  constructor(
    private readonly rules: RuleDescription[],
    private readonly world: EventBusWorld,
  ) {
    this.standIn = {
      kind: 'by-schema',
      signingName: 'events',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        PutEvents: {
          permissions: (call) => entriesOf(call).map((entry) => this.permission(entry)),
          answer: (call) => this.putEvents(call),
        },
      },
    };
  }

  /** An event of an AWS service: best effort, so a scenario may tamper with it. */
  public emit(event: CloudEvent): void {
    this.tamper(event, (it, delay) =>
      this.world.clock.after(delay, `event ${it.detail.EventID}`, () => this.publish(it)),
    );
  }

  private publish(event: CloudEvent): void {
    const { clock, latencies } = this.world;
    this.published.push({ at: clock.now(), event });
    this.onPublished(event);
    for (const rule of this.rules) {
      if (!rule.enabled || !rule.matches?.(event)) continue;
      for (const target of rule.targets) {
        const payload = targetInput(
          target.input,
          { ...event },
          { ruleArn: rule.arn, ruleName: rule.name, ingestedMillis: clock.now() },
        );
        clock.after(latencies.sample('event-delivery'), `event to ${target.id}`, () =>
          this.world.deliver(rule, target, payload),
        );
      }
    }
  }

  private putEvents(call: Call): Record<string, unknown> {
    const entries = entriesOf(call);
    if (entries.length < 1 || entries.length > 10) {
      throw new ServiceError('ValidationException', `Entries has ${entries.length} of 1 to 10`);
    }
    const answers = entries.map((entry) => {
      if (!entry.Source || !entry.DetailType || !isJsonObject(entry.Detail)) {
        return {
          ErrorCode: 'MalformedDetail',
          ErrorMessage: 'Source, DetailType and a JSON object as Detail are required.',
        };
      }
      const { chance, clock, account, region } = this.world;
      const id = `event-${chance.between(0, 2 ** 31)}`;
      this.publish({
        version: '0',
        id,
        'detail-type': entry.DetailType,
        source: entry.Source,
        account,
        time: new Date(Math.floor((entry.Time?.getTime() ?? clock.now()) / 1000) * 1000)
          .toISOString()
          .replace('.000Z', 'Z'),
        region,
        resources: entry.Resources ?? [],
        detail: JSON.parse(entry.Detail ?? '{}'),
      });
      return { EventId: id };
    });
    return { FailedEntryCount: answers.filter((it) => 'ErrorCode' in it).length, Entries: answers };
  }

  private permission(entry: Entry) {
    const bus = entry.EventBusName ?? 'default';
    return {
      action: 'events:PutEvents',
      resource: bus.startsWith('arn:') ? bus : this.world.busArn.replace(/[^/]*$/, bus),
      // Many-valued at AWS, which is why a plain StringEquals on them denies.
      context: { 'events:source': [entry.Source ?? ''], 'events:detail-type': [entry.DetailType ?? ''] },
    };
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

function isJsonObject(text: string | undefined): boolean {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
