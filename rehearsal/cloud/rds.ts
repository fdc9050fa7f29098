import * as client from '@aws-sdk/client-rds';
import { clusterOperations, type DatabaseCluster } from './rds-clusters';
import type { Tenure } from './rds-failover';
import { type Filters, filtered, page } from './rds-lists';
import { type Call, type Permission, ServiceError, type ServiceStandIn } from './service';

/** One RDS instance in Multi-AZ mode: what is so, and what the API says, which may lag. */
export interface DatabaseInstance {
  readonly identifier: string;
  readonly arn: string;
  /** Of the database that has the name now. */
  resourceId: string;
  readonly instanceClass: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly multiAz: boolean;
  readonly host: string;
  readonly port: number;
  /** What `DescribeDBInstances` answers. */
  api: { status: string; availabilityZone: string; secondaryZone?: string };
  /** Where the endpoint's name leads. */
  addresses: string[];
  /**
   * Where the endpoint's name will lead when the standby is primary.
   * @default - the same host number in the subnet of the next zone
   */
  standbyAddress?: string;
  /**
   * Which zone really was primary and since when, the present one last.
   * @default - no failover yet: the zone that the API names, from the beginning
   */
  tenures?: Tenure[];
}

/** RDS User Guide, "API throttling": a bucket of 300 requests over all callers of the account, refilled at 12 a second. */
const BUCKET = { burst: 300, perSecond: 12 };

/** RDS User Guide, "Best practices": the records of its endpoints live this long, and a resolver answers from them. */
const DNS_TTL_MILLIS = 5_000;

/** API reference of DescribeDBInstances, "Filters"; what belongs to clusters and directories matches no instance here. */
const FILTERS: Filters<DatabaseInstance> = {
  'db-instance-id': (instance, value) => instance.arn === value || instance.identifier === value.toLowerCase(),
  'dbi-resource-id': (instance, value) => instance.resourceId === value,
  engine: (instance, value) => instance.engine === value,
  'db-cluster-id': () => false,
  domain: () => false,
};

/** The control plane of RDS. */
export class Rds {
  public readonly standIn: ServiceStandIn;
  private tokens = BUCKET.burst;
  private filledAt: number;
  private throttledUntil = Number.NEGATIVE_INFINITY;
  private readonly resolved = new Map<string, { addresses: string[]; until: number }>();

  constructor(
    public readonly instances: DatabaseInstance[],
    private readonly clock: { now(): number },
    public readonly clusters: DatabaseCluster[] = [],
  ) {
    this.filledAt = clock.now();
    this.standIn = {
      kind: 'by-schema',
      signingName: 'rds',
      client,
      protocol: 'aws-query',
      operations: {
        DescribeDBInstances: {
          permissions: (call) => [this.permission(call)],
          answer: (call) => this.describe(call),
        },
        ...clusterOperations(clusters, () => this.spendToken()),
      },
    };
  }

  /** From now on, for this long, other callers of the account have used up every request. */
  public throttle(millis: number): void {
    this.throttledUntil = this.clock.now() + millis;
  }

  /** The addresses of an endpoint's name, up to its time to live behind the truth once somebody has asked. */
  public resolve(name: string): string[] | undefined {
    const now = this.clock.now();
    const known = this.resolved.get(name);
    if (known && now < known.until) return known.addresses;
    const addresses = [...this.instances, ...this.clusters].find(({ host }) => host === name.toLowerCase())?.addresses;
    if (addresses) this.resolved.set(name, { addresses, until: now + DNS_TTL_MILLIS });
    return addresses;
  }

  private describe(call: Call): Record<string, unknown> {
    this.spendToken();
    const { found, Marker } = page(filtered(this.named(call), FILTERS, call), call);
    return { DBInstances: found.map(render), Marker };
  }

  /** The one that the call names, or all of them. */
  private named(call: Call): DatabaseInstance[] {
    const { DBInstanceIdentifier: given } = call.input;
    if (typeof given !== 'string') return [...this.instances];
    const found = this.instances.filter((it) => it.arn === given || it.identifier === given.toLowerCase());
    if (found.length === 0) throw new ServiceError('DBInstanceNotFound', `DBInstance ${nameOf(given)} not found.`, 404);
    return found;
  }

  private spendToken(): void {
    const now = this.clock.now();
    this.tokens = Math.min(BUCKET.burst, this.tokens + ((now - this.filledAt) / 1000) * BUCKET.perSecond);
    this.filledAt = now;
    if (now < this.throttledUntil || this.tokens < 1) throw throttled();
    this.tokens -= 1;
  }

  private permission(call: Call): Permission {
    const { DBInstanceIdentifier: given } = call.input;
    const action = 'rds:DescribeDBInstances';
    if (typeof given === 'string' && given.startsWith('arn:')) return { action, resource: given };
    const identifier = typeof given === 'string' ? given.toLowerCase() : '*';
    const [, , , , account = ''] = call.caller.roleArn.split(':');
    const sibling = this.instances[0]?.arn ?? `arn:aws:rds::${account}:db:`;
    return { action, resource: `${sibling.split(':').slice(0, 6).join(':')}:${identifier}` };
  }
}

export function throttled(): ServiceError {
  return new ServiceError('Throttling', 'Rate exceeded');
}

function nameOf(identifierOrArn: string): string {
  return (identifierOrArn.split(':').at(-1) ?? '').toLowerCase();
}

function render(instance: DatabaseInstance): Record<string, unknown> {
  const { api } = instance;
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceClass: instance.instanceClass,
    DBInstanceStatus: api.status,
    DBInstanceArn: instance.arn,
    DbiResourceId: instance.resourceId,
    Engine: instance.engine,
    EngineVersion: instance.engineVersion,
    MultiAZ: instance.multiAz,
    AvailabilityZone: api.availabilityZone,
    SecondaryAvailabilityZone: api.secondaryZone,
    Endpoint: { Address: instance.host, Port: instance.port },
  };
}
