import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { MobiLinkServerFarm, type MobiLinkServerFarmProps } from './farm/mobilink-server-farm';
import { PrimaryTracker } from './primary/primary-tracker';

/** Properties of a MobiLink system: those of its farm, over a database that is passed in. */
export interface MobiLinkSystemProps extends MobiLinkServerFarmProps {
  /**
   * Key for the table of the primary record.
   *
   * @default - a key that AWS manages
   */
  readonly trackerEncryptionKey?: kms.IKey;

  /**
   * What becomes of the primary record when the system is removed.
   *
   * @default RemovalPolicy.RETAIN, with deletion protection: an epoch must never repeat
   */
  readonly trackerRemovalPolicy?: RemovalPolicy;
}

/**
 * The stateless part of a MobiLink system over a consolidated database of this stack, another one, or one that exists
 * already: the MobiLink server farm and the primary tracker. The construct to begin with.
 */
export class MobiLinkSystem extends Construct {
  /** The MobiLink servers and their load balancer. */
  public readonly farm: MobiLinkServerFarm;

  /** Discovers the current primary and tells everyone. */
  public readonly tracker: PrimaryTracker;

  constructor(scope: Construct, id: string, props: MobiLinkSystemProps) {
    super(scope, id);
    this.tracker = new PrimaryTracker(this, 'PrimaryTracker', {
      database: props.database,
      logRetention: props.logRetention,
      logKey: props.logKey,
      encryptionKey: props.trackerEncryptionKey,
      removalPolicy: props.trackerRemovalPolicy,
    });
    this.farm = new MobiLinkServerFarm(this, 'Farm', props);
  }

  /** The name that remotes store as the address of their MobiLink server. */
  public get address(): string {
    return this.farm.address;
  }

  /** Calls the target once a change of primary has been published. */
  public onPrimaryChanged(id: string, options: events.OnEventOptions = {}): events.Rule {
    return this.tracker.onPrimaryChanged(id, options);
  }

  /** Lets somebody read the primary record. */
  public grantReadPrimary(grantee: iam.IGrantable): iam.Grant {
    return this.tracker.grantRead(grantee);
  }
}
