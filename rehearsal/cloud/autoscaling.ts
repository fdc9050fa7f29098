import * as client from '@aws-sdk/client-auto-scaling';
import { type Call, ServiceError, type ServiceStandIn } from './service';

/** One instance of a group, as EC2 Auto Scaling sees it. */
export interface ScalingInstance {
  readonly instanceId: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
  /** `Pending`, `InService`, `Terminating:Wait`, ... */
  lifecycleState: string;
  /** @default 'Healthy' */
  healthStatus?: string;
}

/** One Auto Scaling group; its instances come and go. */
export interface ScalingGroup {
  readonly name: string;
  readonly arn: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly availabilityZones: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  instances: ScalingInstance[];
}

/** API reference of DescribeAutoScalingGroups, "MaxRecords". */
const RECORDS = { default: 50, most: 100 };

type Matches = (group: ScalingGroup, value: string) => boolean;

/** API reference of Filter, "Describe Auto Scaling groups". */
function filterOf(name: string): Matches | undefined {
  if (name === 'tag-key') return ({ tags }, value) => Object.hasOwn(tags, value);
  if (name === 'tag-value') return ({ tags }, value) => Object.values(tags).includes(value);
  if (name.startsWith('tag:')) return ({ tags }, value) => tags[name.slice('tag:'.length)] === value;
  return undefined;
}

/** The control plane of EC2 Auto Scaling: what groups there are, and what is in them. */
export class AutoScaling {
  public readonly standIn: ServiceStandIn;
  /** The API may give fewer groups a page than were asked for. @default - as many as were asked for */
  public longestPage = Number.POSITIVE_INFINITY;
  private throttledUntil = Number.NEGATIVE_INFINITY;

  constructor(
    public readonly groups: ScalingGroup[],
    private readonly clock: { now(): number },
  ) {
    this.standIn = {
      kind: 'by-schema',
      signingName: 'autoscaling',
      client,
      protocol: 'aws-query',
      operations: {
        DescribeAutoScalingGroups: {
          // Service Authorization Reference: it knows neither resources nor condition keys of its own.
          permissions: () => [{ action: 'autoscaling:DescribeAutoScalingGroups', resource: '*' }],
          answer: (call) => this.describe(call),
        },
      },
    };
  }

  /** From now on, for this long, other callers of the account have used up every request; the quota itself is not published. */
  public throttle(millis: number): void {
    this.throttledUntil = this.clock.now() + millis;
  }

  private describe({ input }: Call): Record<string, unknown> {
    if (this.clock.now() < this.throttledUntil) throw new ServiceError('Throttling', 'Rate exceeded');
    const { MaxRecords: most = RECORDS.default, NextToken: token, AutoScalingGroupNames: names } = input;
    if (typeof most !== 'number' || most < 1 || most > RECORDS.most) {
      const bound = Number(most) < 1 ? 'greater than or equal to 1' : `less than or equal to ${RECORDS.most}`;
      throw invalid(
        `1 validation error detected: Value '${most}' at 'maxRecords' failed to satisfy constraint: Member must have value ${bound}`,
      );
    }
    const after = typeof token === 'string' ? this.nameOf(token) : '';
    const found = this.filtered(input)
      // No names are all groups, as an empty list is.
      .filter(({ name }) => !Array.isArray(names) || names.length === 0 || names.includes(name))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .filter(({ name }) => name > after);
    const page = found.slice(0, Math.min(most, this.longestPage));
    const last = found.length > page.length ? page.at(-1) : undefined;
    return { AutoScalingGroups: page.map(render), NextToken: last && tokenOf(last.name) };
  }

  private filtered(input: Call['input']): ScalingGroup[] {
    const filters = (input.Filters ?? []) as { Name: string; Values: string[] }[];
    return filters.reduce<ScalingGroup[]>(
      (left, { Name, Values }) => {
        const matches = filterOf(Name);
        if (!matches) throw invalid(`Filter type ${Name} is not correct.`);
        return left.filter((group) => Values.some((value) => matches(group, value)));
      },
      [...this.groups],
    );
  }

  private nameOf(token: string): string {
    const name = Buffer.from(token, 'base64').toString('utf8');
    if (this.groups.some((group) => tokenOf(group.name) === token)) return name;
    throw new ServiceError('InvalidNextToken', `The token '${token}' is invalid.`);
  }
}

const tokenOf = (name: string) => Buffer.from(name).toString('base64');

const invalid = (message: string) => new ServiceError('ValidationError', message);

function render(group: ScalingGroup): Record<string, unknown> {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: 300,
    AvailabilityZones: group.availabilityZones,
    HealthCheckType: 'EC2',
    CreatedTime: new Date(group.createdAt),
    Instances: group.instances.map((it) => ({
      InstanceId: it.instanceId,
      InstanceType: it.instanceType,
      AvailabilityZone: it.availabilityZone,
      LifecycleState: it.lifecycleState,
      HealthStatus: it.healthStatus ?? 'Healthy',
      ProtectedFromScaleIn: false,
    })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: true,
    })),
  };
}
