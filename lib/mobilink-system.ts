import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { MobiLinkServerFarm, type MobiLinkServerFarmProps } from './farm/mobilink-server-farm';
import { SyncMonitoring } from './monitoring/sync-monitoring';
import type { SyncMonitoringOptions } from './monitoring/sync-monitoring-props';
import { OperatorDirectory } from './operator/operator-directory';
import { PrimaryTracker } from './primary/primary-tracker';
import type { TrackedDatabase } from './primary/tracked-database';
import type { IRemoteRegistry } from './remotes/remote-registry';
import { SyncDispatcher } from './remotes/sync-dispatcher';
import type { SyncDispatcherOptions } from './remotes/sync-dispatcher-props';
import { SyncSchedule } from './remotes/sync-schedule';
import type { SyncScheduleOptions } from './remotes/sync-schedule-props';
import { Problems, wordProblem } from './validation/problems';

/** Properties of a MobiLink system: those of its farm, over a database that is passed in. */
export interface MobiLinkSystemProps extends MobiLinkServerFarmProps {
  /**
   * A primary tracker that is there already, and tracks the database of this system too: with many systems in one account and Region,
   * one function and one poll for all of them. Its stack must not need this one. The three props of the tracker below are its own
   * then.
   *
   * @default - a tracker of its own
   */
  readonly tracker?: PrimaryTracker;

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

  /**
   * The subnets of the tracker's function, if it runs in the VPC: over a mirrored pair it does.
   *
   * @default - the private subnets of the VPC, those with NAT if there are any
   */
  readonly trackerSubnets?: ec2.SubnetSelection;

  /**
   * The remotes that the system synchronizes by schedule, of this stack or another one.
   *
   * @default - none: remotes synchronize on their own account
   */
  readonly registry?: IRemoteRegistry;

  /**
   * How the syncs of the registry's remotes are dispatched.
   *
   * @default - the defaults of SyncDispatcher
   */
  readonly dispatch?: SyncDispatcherOptions;

  /**
   * Whether there are alarms with runbooks and a dashboard. Cost: 2 to 6 dollars a month, see `SyncMonitoring`. Without it `alarmTopic` takes
   * the two alarms of the farm only.
   *
   * @default true
   */
  readonly monitored?: boolean;

  /**
   * When the alarms ring, and whom they tell.
   *
   * @default - the defaults of SyncMonitoring; they tell `alarmTopic`
   */
  readonly monitoring?: SyncMonitoringOptions;
}

/**
 * The stateless part of a MobiLink system over a consolidated database of this stack, another one, or one that exists
 * already: the MobiLink server farm, the primary tracker, and, over a registry of remotes, their scheduled syncs. The construct
 * to begin with.
 */
export class MobiLinkSystem extends Construct {
  /** The MobiLink servers and their load balancer. */
  public readonly farm: MobiLinkServerFarm;

  /** Whether there is a tracker: over a database that nobody can be asked about (`fromOdbc`) there is none. */
  public readonly isTracked: boolean;

  /** Carries out the syncs of the registry's remotes; undefined without a registry. */
  public readonly dispatcher?: SyncDispatcher;

  /** Alarms and dashboard; undefined if `monitored` is false. */
  public readonly monitoring?: SyncMonitoring;

  /** By it `npx mobilink-ha` finds the parts of this system. */
  public readonly directory: OperatorDirectory;

  private readonly primaryTracker?: PrimaryTracker;
  private readonly trackedDatabase?: TrackedDatabase;

  constructor(scope: Construct, id: string, props: MobiLinkSystemProps) {
    super(scope, id);
    validateTracker(this, props);
    this.isTracked = props.database.primarySource.isTracked;
    if (props.tracker) {
      this.primaryTracker = props.tracker;
      this.trackedDatabase = props.tracker.track(props.database.databaseId, props.database);
    } else if (this.isTracked) {
      this.primaryTracker = new PrimaryTracker(this, 'PrimaryTracker', {
        database: props.database,
        logRetention: props.logRetention,
        logKey: props.logKey,
        encryptionKey: props.trackerEncryptionKey,
        removalPolicy: props.trackerRemovalPolicy,
        ...(props.database.primarySource.asksMembers && {
          vpc: props.vpc,
          vpcSubnets: props.trackerSubnets,
          networkReason: props.networkReason,
        }),
      });
      this.trackedDatabase = this.primaryTracker;
    }
    this.farm = new MobiLinkServerFarm(this, 'Farm', {
      ...props,
      ...(props.monitored !== false && { alarmTopic: undefined }),
    });
    if (props.registry) {
      this.dispatcher = new SyncDispatcher(this, 'SyncDispatcher', {
        ...props.dispatch,
        registry: props.registry,
        tracker: this.trackedDatabase,
        logRetention: props.logRetention,
        logKey: props.logKey,
      });
    }
    this.directory = new OperatorDirectory(this, 'Directory', {
      farm: this.farm,
      tracker: this.trackedDatabase,
      dispatcher: this.dispatcher,
    });
    if (props.monitored !== false) {
      this.monitoring = new SyncMonitoring(this, 'Monitoring', {
        alarmTopic: props.alarmTopic,
        ...props.monitoring,
        database: props.database,
        tracker: this.trackedDatabase,
        farm: this.farm,
        dispatcher: this.dispatcher,
      });
    }
  }

  /** Discovers the current primary and tells everyone; the one that was passed in, if one was. Throws if nothing is tracked. */
  public get tracker(): PrimaryTracker {
    return this.primaryTracker ?? this.untracked('tracker');
  }

  /** The consolidated database of this system as it is tracked: its record, metrics and events. Throws if it is not. */
  public get tracked(): TrackedDatabase {
    return this.trackedDatabase ?? this.untracked('tracked');
  }

  /** The name that remotes store as the address of their MobiLink server. */
  public get address(): string {
    return this.farm.address;
  }

  /** Calls the target once a change of primary has been published. */
  public onPrimaryChanged(id: string, options: events.OnEventOptions = {}): events.Rule {
    return (this.trackedDatabase ?? this.untracked('onPrimaryChanged')).onPrimaryChanged(id, options);
  }

  /** Synchronizes remotes of the registry again and again. */
  public addSyncSchedule(id: string, options: SyncScheduleOptions): SyncSchedule {
    return new SyncSchedule(this, id, { ...options, dispatcher: this.requireDispatcher('addSyncSchedule') });
  }

  /** Calls the target when a run of any of the system's schedules has finished, or was skipped. */
  public onSyncRunFinished(id: string, options: events.OnEventOptions = {}): events.Rule {
    return this.requireDispatcher('onSyncRunFinished').onRunFinished(id, options);
  }

  /** Lets somebody read the primary record. */
  public grantReadPrimary(grantee: iam.IGrantable): iam.Grant {
    return (this.trackedDatabase ?? this.untracked('grantReadPrimary')).grantRead(grantee);
  }

  private untracked(method: string): never {
    const problem = {
      id: 'MobiLink:System:Untracked',
      prop: 'database',
      rule: `must be one that can be tracked for ${method}`,
      value: 'a database that is known by its ODBC data source only',
      fix: 'leave the call out, or import the database with fromRdsInstance, fromRdsCluster or fromSqlAnywhere',
    };
    throw new Error(`MobiLinkSystem '${this.node.path}': ${wordProblem(problem)}`);
  }

  private requireDispatcher(method: string): SyncDispatcher {
    if (this.dispatcher) return this.dispatcher;
    const problem = {
      id: 'MobiLink:System:Registry',
      prop: 'registry',
      rule: `must be given before ${method} is called`,
      value: undefined,
      fix: 'make a RemoteRegistry beside the consolidated database and pass it to the system',
    };
    throw new Error(`MobiLinkSystem '${this.node.path}': ${wordProblem(problem)}`);
  }
}

function validateTracker(system: Construct, props: MobiLinkSystemProps): void {
  const problems = new Problems(system);
  for (const prop of ['trackerEncryptionKey', 'trackerRemovalPolicy', 'trackerSubnets'] as const) {
    problems.require(props.tracker === undefined || props[prop] === undefined, {
      id: 'MobiLink:System:Tracker',
      prop,
      rule: 'means nothing beside tracker',
      value: 'something',
      fix: 'set it where the shared PrimaryTracker is made, or leave tracker out',
    });
  }
  problems.throwIfAny();
}
