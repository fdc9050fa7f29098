import * as client from '@aws-sdk/client-rds';
import type { Clock } from './clock';
import { type Call, ServiceError, type ServiceStandIn } from './service';

/** One RDS instance in Multi-AZ mode: what is so, and what the API says, which may lag. */
export interface DatabaseInstance {
  readonly identifier: string;
  readonly arn: string;
  readonly resourceId: string;
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
}

/** RDS User Guide, "API throttling": a bucket of 300 requests over all callers of the account, refilled at 12 a second. */
const BUCKET = { burst: 300, perSecond: 12 };

/** The control plane of RDS. */
export class Rds {
  public readonly standIn: ServiceStandIn;
  private tokens = BUCKET.burst;
  private filledAt: number;

  constructor(
    public readonly instances: DatabaseInstance[],
    private readonly clock: Clock,
  ) {
    this.filledAt = clock.now();
    this.standIn = {
      kind: 'by-schema',
      signingName: 'rds',
      client,
      protocol: 'aws-query',
      operations: {
        DescribeDBInstances: {
          permissions: (call) => [{ action: 'rds:DescribeDBInstances', resource: this.resourceOf(call) }],
          answer: (call) => this.describe(call),
        },
      },
    };
  }

  /** The addresses of an endpoint's name at this moment. */
  public resolve(name: string): string[] | undefined {
    return this.instances.find((instance) => instance.host === name)?.addresses;
  }

  private describe(call: Call): Record<string, unknown> {
    this.spendToken();
    const asked = this.named(call);
    const found = asked === undefined ? this.instances : this.instances.filter((it) => it.identifier === asked);
    if (asked !== undefined && found.length === 0) {
      throw new ServiceError('DBInstanceNotFound', `DBInstance ${asked} not found.`, 404);
    }
    return { DBInstances: found.map(render) };
  }

  private spendToken(): void {
    const now = this.clock.now();
    this.tokens = Math.min(BUCKET.burst, this.tokens + ((now - this.filledAt) / 1000) * BUCKET.perSecond);
    this.filledAt = now;
    if (this.tokens < 1) throw throttled();
    this.tokens -= 1;
  }

  /** The identifier that the caller named, as a name or an ARN; RDS folds it to lower case. */
  private named(call: Call): string | undefined {
    const { DBInstanceIdentifier: given } = call.input;
    return typeof given === 'string' ? given.split(':').at(-1)?.toLowerCase() : undefined;
  }

  private resourceOf(call: Call): string {
    const named = this.named(call);
    const [first] = this.instances;
    const arn = this.instances.find((it) => it.identifier === named)?.arn;
    return arn ?? `${first?.arn.split(':').slice(0, 6).join(':') ?? 'arn:aws:rds:::db'}:${named ?? '*'}`;
  }
}

export function throttled(): ServiceError {
  return new ServiceError('Throttling', 'Rate exceeded');
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
