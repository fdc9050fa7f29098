import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { known, Problems } from '../validation/problems';
import { HostSetUp } from './host-set-up';
import { type InsideSchedule, validateInsideSchedules } from './inside-schedule';
import { exchangeStatements } from './registry-exchange';
import type { IRemoteRegistry } from './remote-registry';
import { DEFAULT_TAG_KEY } from './sync-dispatcher-rules';
import type { SyncOutcomes } from './sync-outcomes';

/** Properties of the hosts of remotes that this app does not create. */
export interface RemoteHostsProps {
  /** The registry in which the remotes are, by their owner's hand. */
  readonly registry: IRemoteRegistry;

  /**
   * Key of the tag that the hosts carry, on the EC2 instance or on the managed node.
   *
   * @default 'mobilink-ha:system'
   */
  readonly hostTagKey?: string;

  /** Value of that tag: that of the system, or one of your own where some hosts have other schedules. */
  readonly hostTagValue: string;

  /**
   * The schedules by which the databases of these hosts start syncs themselves, the same on each. Stores in another time zone are other
   * hosts, with another value of the tag.
   *
   * @default - none: syncs are dispatched
   */
  readonly schedules?: InsideSchedule[];

  /**
   * Takes the outcomes of those syncs; required if there are any.
   *
   * @default - none
   */
  readonly outcomes?: SyncOutcomes;

  /**
   * On how many hosts at a time something is installed or updated: a number or a percentage.
   *
   * @default '10%'
   */
  readonly maxConcurrency?: string;

  /**
   * After how many failures no further host is touched: a number or a percentage.
   *
   * @default '10%'
   */
  readonly maxErrors?: string;
}

/**
 * The hosts of remotes that exist already, on EC2 or elsewhere (hybrid activations): one association of Systems Manager installs the
 * scripts there and keeps them up to date. What the owner of the host provides stands in docs/hosts.md. Hosts that come later are set up
 * when they appear.
 *
 * Cost: none for EC2 instances; nodes elsewhere as Systems Manager charges them (docs/hosts.md). A host with schedules of its own asks
 * each five minutes whether it is paused: 1.5 read units, 2 cents a month for twenty hosts (list price of DynamoDB, UNSOURCED).
 */
export class RemoteHosts extends Construct {
  private readonly exchange?: { readonly registry: IRemoteRegistry; readonly outcomes: SyncOutcomes };

  constructor(scope: Construct, id: string, props: RemoteHostsProps) {
    super(scope, id);
    const { registry, outcomes, schedules = [] } = props;
    validate(this, props);
    if (outcomes && schedules.length > 0) this.exchange = { registry, outcomes };
    new HostSetUp(this, 'SetUp', {
      tags: [{ key: props.hostTagKey ?? DEFAULT_TAG_KEY, values: [props.hostTagValue] }],
      schedules,
      registry,
      outcomes,
      definition: [],
      maxConcurrency: props.maxConcurrency ?? '10%',
      maxErrors: props.maxErrors ?? '10%',
    });
  }

  /**
   * Lets the hosts report outcomes and hear of pauses: give it the role of the instance profile, or of the hybrid activation. Does nothing
   * where no sync is started inside a database.
   */
  public grantExchange(grantee: iam.IGrantable): void {
    if (!this.exchange) return;
    for (const statement of exchangeStatements(this.exchange)) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
}

function validate(scope: Construct, props: RemoteHostsProps): void {
  const { schedules = [], outcomes, hostTagValue } = props;
  const problems = new Problems(scope);
  validateInsideSchedules(
    problems,
    schedules.map((schedule, index) => ({ prop: `schedules[${index}]`, schedule })),
  );
  problems.require(schedules.length === 0 || outcomes !== undefined, {
    id: 'MobiLink:RemoteHosts:Outcomes',
    prop: 'outcomes',
    rule: 'must be given if databases start syncs themselves: nobody would know whether they succeed',
    value: undefined,
    fix: 'make a SyncOutcomes over the registry',
  });
  problems.require(known(hostTagValue) === undefined || hostTagValue.trim() !== '', {
    id: 'MobiLink:RemoteHosts:HostTagValue',
    prop: 'hostTagValue',
    rule: 'must not be empty: hosts of others would be set up',
    value: hostTagValue,
    fix: 'give the value that the hosts of this system carry',
  });
  for (const prop of ['maxConcurrency', 'maxErrors'] as const) {
    const value = props[prop];
    const pattern = prop === 'maxErrors' ? /^(\d{1,7}|\d{1,2}%|100%)$/ : /^([1-9]\d{0,6}|[1-9]\d?%|100%)$/;
    problems.require(value === undefined || Token.isUnresolved(value) || pattern.test(value), {
      id: `MobiLink:RemoteHosts:${prop.charAt(0).toUpperCase()}${prop.slice(1)}`,
      prop,
      rule: 'must be a whole number or a percentage',
      value,
      fix: "leave it out for '10%'",
    });
  }
  problems.throwIfAny();
}
