import * as client from '@aws-sdk/client-route-53';
import { type Call, type Permission, ServiceError, type ServiceStandIn } from './service';

/** One hosted zone. */
export interface ZoneDescription {
  readonly id: string;
  readonly arn: string;
  /** With a dot at its end. */
  readonly name: string;
  /** The VPCs in which a private zone answers. */
  readonly vpcIds: readonly string[];
}

/** A set of records of one name and type. */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

/** What was changed, and when. */
export interface ZoneChange extends RecordSet {
  readonly at: number;
  readonly zoneId: string;
  readonly action: string;
}

interface Change {
  readonly Action: string;
  readonly ResourceRecordSet: {
    readonly Name: string;
    readonly Type: string;
    readonly TTL?: number;
    readonly ResourceRecords?: readonly { readonly Value: string }[];
  };
}

/** API reference of ChangeResourceRecordSets, "Request quotas" of the Developer Guide: five requests a second and account. */
const REQUESTS_A_SECOND = 5;

/** Route 53: hosted zones whose records are changed by the API. A change counts from the moment at which it was accepted. */
export class Route53 {
  public readonly standIn: ServiceStandIn;
  /** Every change that was accepted, in order. */
  public readonly changes: ZoneChange[] = [];
  private readonly records = new Map<string, RecordSet>();
  private readonly requests: number[] = [];

  constructor(
    private readonly zones: readonly ZoneDescription[],
    private readonly clock: { now(): number },
  ) {
    this.standIn = {
      kind: 'by-schema',
      signingName: 'route53',
      client,
      protocol: 'rest-xml',
      operations: {
        ChangeResourceRecordSets: {
          permissions: (call) => [this.permission(zoneIdOf(call), changesOf(call))],
          answer: (call) => this.answer(call),
        },
      },
    };
  }

  /** The records of a name in the zones that a VPC sees; `undefined` when no zone of it is asked for the name. */
  public resolve(name: string, vpcId: string | undefined): string[] | undefined {
    const zone = this.zones.find((it) => vpcId !== undefined && it.vpcIds.includes(vpcId) && isWithin(it, name));
    if (!zone) return undefined;
    const [address] = this.records.get(key(zone.id, name, 'A'))?.values ?? [];
    if (address !== undefined) return [address];
    const [target] = this.records.get(key(zone.id, name, 'CNAME'))?.values ?? [];
    return target === undefined ? [] : this.resolve(target, vpcId);
  }

  /** What the zone holds. */
  public recordOf(zoneId: string, name: string, type: string): RecordSet | undefined {
    return this.records.get(key(zoneId, name, type));
  }

  /** Whether the name lies in any zone, seen or not. */
  public holds(name: string): boolean {
    return this.zones.some((zone) => isWithin(zone, name));
  }

  /** All changes or none: for functions by the wire, and for hosts, which ask for their permission themselves. */
  public changeBy(zoneId: string, changes: readonly Change[]): void {
    const zone = this.zones.find(({ id }) => id === zoneId);
    if (!zone) throw new ServiceError('NoSuchHostedZone', `No hosted zone found with ID: ${zoneId}`, 404);
    for (const it of changes) this.check(zone, it);
    for (const it of changes) this.apply(zone, it);
  }

  /** What IAM is asked, with the keys that a policy tells names, types and actions by (Developer Guide, "IAM policy conditions"). */
  public permission(zoneId: string, changes: readonly Change[]): Permission {
    const distinct = (of: (change: Change) => string) => [...new Set(changes.map(of))];
    return {
      action: 'route53:ChangeResourceRecordSets',
      resource: this.zones.find(({ id }) => id === zoneId)?.arn ?? `arn:aws:route53:::hostedzone/${zoneId}`,
      context: {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': distinct(({ ResourceRecordSet: it }) =>
          it.Name.toLowerCase().replace(/\.$/, ''),
        ),
        'route53:ChangeResourceRecordSetsRecordTypes': distinct(({ ResourceRecordSet: it }) => it.Type),
        'route53:ChangeResourceRecordSetsActions': distinct(({ Action }) => Action),
      },
    };
  }

  private answer(call: Call): Record<string, unknown> {
    this.spendRequest();
    this.changeBy(zoneIdOf(call), changesOf(call));
    const SubmittedAt = new Date(this.clock.now());
    return { ChangeInfo: { Id: `/change/C${this.changes.length}`, Status: 'PENDING', SubmittedAt } };
  }

  private spendRequest(): void {
    const now = this.clock.now();
    while ((this.requests[0] ?? now) <= now - 1_000) this.requests.shift();
    if (this.requests.length >= REQUESTS_A_SECOND) throw new ServiceError('Throttling', 'Rate exceeded');
    this.requests.push(now);
  }

  private check(zone: ZoneDescription, { Action, ResourceRecordSet: set }: Change): void {
    const { Name, Type, TTL, ResourceRecords: values = [] } = set;
    const named = `[Tried to ${Action.toLowerCase()} resource record set [name='${absolute(Name)}', type='${Type}']`;
    const refuse = (why: string) => new ServiceError('InvalidChangeBatch', `${named} but ${why}]`);
    if (!isWithin(zone, Name)) throw refuse(`it is not permitted in zone ${zone.name}`);
    if (values.length === 0 || TTL === undefined) throw refuse('it has no TTL or no values');
    if (Type === 'CNAME' && values.length > 1) throw refuse('a CNAME has one value');
    const others = Type === 'CNAME' ? ['A', 'AAAA', 'TXT'] : ['CNAME'];
    if (others.some((other) => this.records.has(key(zone.id, Name, other)))) {
      throw refuse('the name has records of another type, which a CNAME does not allow');
    }
    const exists = this.records.has(key(zone.id, Name, Type));
    if (Action === 'CREATE' && exists) throw refuse('it already exists');
    if (Action === 'DELETE' && !exists) throw refuse('it was not found');
  }

  private apply(zone: ZoneDescription, { Action, ResourceRecordSet: set }: Change): void {
    const { Name, Type, TTL = 0, ResourceRecords = [] } = set;
    const record = { name: absolute(Name), type: Type, ttl: TTL, values: ResourceRecords.map(({ Value }) => Value) };
    this.changes.push({ ...record, at: this.clock.now(), zoneId: zone.id, action: Action });
    if (Action === 'DELETE') this.records.delete(key(zone.id, Name, Type));
    else this.records.set(key(zone.id, Name, Type), record);
  }
}

function zoneIdOf({ input }: Call): string {
  return String(input.HostedZoneId).replace(/^\/?hostedzone\//, '');
}

function changesOf({ input }: Call): readonly Change[] {
  return ((input.ChangeBatch ?? {}) as { Changes?: Change[] }).Changes ?? [];
}

const absolute = (name: string) => `${name.toLowerCase().replace(/\.$/, '')}.`;

const isWithin = (zone: ZoneDescription, name: string) => `.${absolute(name)}`.endsWith(`.${absolute(zone.name)}`);

const key = (zoneId: string, name: string, type: string) => `${zoneId} ${absolute(name)} ${type}`;
