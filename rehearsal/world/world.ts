import type { Deployment } from '../assembly/deployment';
import { AutoScaling } from '../cloud/autoscaling';
import { Chance } from '../cloud/chance';
import { Clock } from '../cloud/clock';
import { DynamoDb } from '../cloud/dynamodb';
import { Ecs, type EcsWorld } from '../cloud/ecs';
import { EventBus } from '../cloud/event-bus';
import type { CloudEvent } from '../cloud/event-bus-event';
import type { DeadLetter } from '../cloud/event-bus-targets';
import { type Invoker, LambdaService, type ServedFunction } from '../cloud/lambda-service';
import { Latencies } from '../cloud/latencies';
import { LogEvents } from '../cloud/log-events';
import type { MirroredPair, PairVariants } from '../cloud/mirrored-pair';
import { type DatabaseInstance, Rds } from '../cloud/rds';
import { type ClusterCourse, failedFailover, failOverCluster } from '../cloud/rds-cluster-failover';
import type { DatabaseCluster } from '../cloud/rds-clusters';
import { abandonFailover, type FailoverCourse, failOver } from '../cloud/rds-failover';
import { cancelSwitchOver, type SwitchOverCourse, switchOver } from '../cloud/rds-switch-over';
import { ScheduledRules, Scheduler } from '../cloud/scheduler';
import { SecretsManager } from '../cloud/secrets-manager';
import { type RawRequest, ServiceError } from '../cloud/service';
import { Ssm } from '../cloud/ssm';
import { Wire } from '../cloud/wire';
import { FunctionRuntime, type InvocationResult } from '../functions/function-runtime';
import type { Authority } from './authority';
import { CustomResources, deployedRemotes } from './custom-resources';
import {
  describeDocuments,
  describeFunctions,
  describeRules,
  describeSchedules,
  describeServices,
  describeTables,
  describeTaskDefinitions,
} from './descriptions';
import { findInsideRemote } from './inside-set-up';
import { PairSite } from './pair-site';
import { Queues } from './queues';
import { problemsOfRemotes } from './remote-definitions';
import { Rotations } from './rotations';
import { describeScalingGroups } from './scaling-groups';
import { startedTargets } from './started';
import { findSyncs, type SyncSystem } from './sync-system';
import { describeClusters, describeDatabases, findTracker, type Tracker } from './tracked-database';

/** What every secret of a deployment holds at first. */
const LOGIN = JSON.stringify({ username: 'rehearsed', password: 'rehearsed' });

export interface WorldOptions {
  readonly deployment: Deployment;
  readonly authority: Authority;
  readonly bootstrap: string;
  readonly seed: number;
  readonly accountId: string;
  readonly region: string;
  /** Milliseconds since 1970. @default - a Monday morning at nine */
  readonly startsAt?: number;
  /** How the servers of a mirrored pair behave where SAP's documents are silent. @default - none of the variants */
  readonly pairVariants?: PairVariants;
}

/** One invocation that has ended. */
export interface EndedInvocation {
  readonly functionName: string;
  readonly payload: unknown;
  readonly result: InvocationResult;
}

/** Whoever deploys the stack calls the functions of its custom resources; his rights are not a part of it. */
const DEPLOYER: Invoker = { kind: 'role', roleArn: 'the deployer' };

/** When every rehearsal begins: a moment without a meaning, so that runs can be compared. */
export const START = Date.UTC(2026, 0, 5, 9, 0, 0);

/** A deployed assembly, alive on the stand-ins of one virtual cloud. */
export class World {
  /** What its chance is drawn from. */
  public readonly seed: number;
  public readonly clock: Clock;
  public readonly chance: Chance;
  public readonly latencies: Latencies;
  public readonly wire: Wire;
  public readonly bus: EventBus;
  public readonly rds: Rds;
  public readonly dynamoDb: DynamoDb;
  public readonly queues: Queues;
  public readonly ssm: Ssm;
  public readonly autoScaling: AutoScaling;
  public readonly ecs: Ecs;
  public readonly customResources: CustomResources;
  /** Names, ways and hosts inside the VPC. */
  public readonly site: PairSite;
  public readonly functions: ServedFunction[];
  /** The tracker that the scenarios look at. */
  public readonly tracker: Tracker | undefined;
  /** The scheduled syncs that the scenarios look at. */
  public readonly syncs: SyncSystem | undefined;
  public readonly ended: EndedInvocation[] = [];
  /** What a person would want to know and AWS shows nowhere or only in a metric. */
  public readonly troubles: { at: number; what: string }[] = [];
  public onTrouble: (what: string) => void = () => {};
  public onEnded: (ended: EndedInvocation) => void = () => {};
  /** Told of what reached a target that is no function: a topic or a queue of whoever uses the system. */
  public onDelivered: (targetArn: string) => void = () => {};
  /** What else must be closed when the world ends. */
  public readonly onDispose: (() => Promise<void>)[] = [];
  /** Secrets Manager and what it holds. */
  public readonly secrets: SecretsManager;
  public readonly rotations: Rotations;
  private readonly runtimes = new Map<string, FunctionRuntime>();
  private readonly scheduler: Scheduler;
  private readonly scheduledRules: ScheduledRules;
  private readonly lambda: LambdaService;

  /** Brings the assembly to life; nothing has happened in it yet. */
  public static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.wire.listen();
    await world.dynamoDb.deploy();
    world.scheduler.start();
    world.scheduledRules.start();
    world.queues.start();
    world.customResources.create();
    for (const problem of problemsOfRemotes(options.deployment)) world.trouble(problem);
    return world;
  }

  private constructor(private readonly options: WorldOptions) {
    const { deployment, authority, accountId, region } = options;
    const clock = new Clock(options.startsAt ?? START);
    this.seed = options.seed;
    this.clock = clock;
    this.chance = new Chance(`seed ${options.seed}`);
    const latencies = new Latencies(this.chance.fork('latencies'));
    this.latencies = latencies;
    this.wire = new Wire(clock, latencies, (caller, permission) => authority.ofRole(caller.roleArn, permission));
    this.dynamoDb = new DynamoDb(describeTables(deployment));

    const rules = describeRules(deployment);
    const schedules = describeSchedules(deployment);
    this.functions = describeFunctions(deployment, startedTargets(deployment));
    this.tracker = findTracker(this.functions);
    this.syncs = findSyncs(deployment, this.functions);
    this.rds = new Rds(describeDatabases(deployment, this.tracker), clock, describeClusters(deployment, this.tracker));
    this.queues = new Queues({
      deployment,
      authority,
      clock,
      latencies,
      chance: this.chance.fork('queues'),
      accountId,
      region,
      onTrouble: (what) => this.trouble(what),
    });
    this.ssm = new Ssm({
      clock,
      latencies,
      chance: this.chance.fork('ssm'),
      accountId,
      region,
      documents: describeDocuments(deployment, this.functions),
    });
    this.autoScaling = new AutoScaling(describeScalingGroups(deployment, clock.now()), clock);
    this.ecs = new Ecs({
      now: () => clock.now(),
      accountId,
      region,
      definitions: describeTaskDefinitions(deployment),
      services: describeServices(deployment),
      onBegun: (task) => this.playTask(task),
    });
    const secrets = new SecretsManager(clock, 'there');
    this.secrets = secrets;
    for (const { physicalId } of deployment.ofType('AWS::SecretsManager::Secret')) secrets.put(physicalId, LOGIN);
    this.rotations = new Rotations(deployment, {
      secrets,
      invoke: (arn, event, sourceArn) => this.invokeInOwnName('secretsmanager.amazonaws.com', arn, event, sourceArn),
    });
    const logEvents = new LogEvents({
      now: () => clock.now(),
      accountId,
      region,
      lines: (group, stream) => this.ecs.lines(group, stream),
    });
    this.customResources = new CustomResources(deployment, {
      invoke: (arn, event) => this.lambda.invokeAsync(arn, event, DEPLOYER),
      onTrouble: (what) => this.trouble(what),
    });
    this.site = new PairSite(
      {
        deployment,
        authority,
        clock,
        latencies,
        bus: () => this.bus,
        variants: options.pairVariants ?? {},
        onTrouble: (what) => this.trouble(what),
      },
      this.tracker,
    );
    this.lambda = this.lambdaService(latencies);
    this.queues.connect(this.lambda, this.functions);
    this.bus = this.eventBus(rules, latencies);
    this.scheduledRules = new ScheduledRules(rules, { clock }, (rule, scheduled) => this.bus.fire(rule, scheduled));
    this.scheduler = new Scheduler(schedules, {
      clock,
      latencies,
      invoke: (schedule, payload, sourceArn) => {
        const { roleArn, targetArn } = schedule;
        const assumed = authority.assume('scheduler.amazonaws.com', roleArn, sourceArn);
        if (!assumed.allowed) {
          this.trouble(assumed.message);
          throw new ServiceError('AccessDeniedException', assumed.message, 403);
        }
        this.deliver(targetArn, payload, { kind: 'role', roleArn });
      },
      deadLetter: (letter) => {
        const schedule = schedules.find(({ arn }) => arn === letter.sourceArn);
        this.deadLetter(letter, { kind: 'role', roleArn: schedule?.roleArn ?? '' });
      },
    });
    const { standIn: sqs } = this.queues.sqs;
    const { roleServices, route53 } = this.site;
    const own = [
      this.rds.standIn,
      this.bus.standIn,
      this.ssm.standIn,
      route53.standIn,
      this.autoScaling.standIn,
      this.ecs.standIn,
      logEvents.standIn,
      secrets.standIn,
    ];
    const hosts = {
      ...roleServices,
      handle: async (request: RawRequest) => this.customResources.answer(request) ?? roleServices.handle(request),
    };
    for (const service of [...own, this.dynamoDb, sqs, hosts]) this.wire.add(service);
    this.wire.onKill = async (accessKey) => {
      for (const runtime of this.runtimes.values()) await runtime.killByAccessKey(accessKey);
    };
    for (const fn of this.functions) {
      this.site.connectFunction(fn.description);
      this.runtimes.set(fn.description.arn, this.runtime(fn, latencies));
    }
  }

  /** The database that is tracked: the one whose failover is rehearsed. */
  public get database(): DatabaseInstance {
    const database = this.rds.instances.find((it) => it.arn === this.tracker?.instanceArn);
    if (!database) {
      throw new Error(
        'a scenario needs a primary tracker for an RDS instance: no function that a rule or a schedule starts has a MOBILINK_PRIMARY_SOURCE with an instanceArn',
      );
    }
    return database;
  }

  /** The cluster that is tracked: the one whose failover is rehearsed. */
  public get cluster(): DatabaseCluster {
    const cluster = this.rds.clusters.find((it) => it.arn === this.tracker?.clusterArn);
    if (!cluster) throw new Error('a scenario needs a primary tracker for a Multi-AZ DB cluster of the assembly');
    return cluster;
  }

  /** The pair that is tracked: the one whose failover is rehearsed. */
  public get pair(): MirroredPair {
    const { pair } = this.site;
    if (!pair) {
      throw new Error(
        'a scenario needs a primary tracker for a mirrored pair: no launch template makes the pair of the tracker’s MOBILINK_DATABASE_ID',
      );
    }
    return pair;
  }

  /** The remotes that are a part of the deployment. */
  public get deployedRemotes() {
    return deployedRemotes(this.options.deployment);
  }

  /** The first of them whose database starts syncs itself. */
  public get insideRemote() {
    return findInsideRemote(this.options.deployment);
  }

  /** What hosts of the rehearsal need of its world. */
  public get hostWorld() {
    const { clock, latencies, wire } = this;
    return { clock, latencies, wire, region: this.options.region };
  }

  /** The task that rotates a login makes the pending version the current one before it ends, by its own role. */
  private playTask({ definition, course }: Parameters<NonNullable<EcsWorld['onBegun']>>[0]): void {
    if (definition.command !== 'rotate' || course.exitCode !== 0) return;
    const { clock, options, secrets } = this;
    clock.at(clock.now() + course.startsAfter + course.runsFor - 1_000, 'the task rotates the login', () => {
      const { secretArn: resource } = this.rotations.secret;
      const [taskRole = ''] = definition.roleArns;
      for (const action of ['secretsmanager:GetSecretValue', 'secretsmanager:UpdateSecretVersionStage']) {
        const { allowed, message } = options.authority.ofRole(taskRole, { action, resource });
        if (!allowed) return this.trouble(message);
      }
      secrets.promote(resource, secrets.versionOf(resource, 'AWSPENDING') ?? '');
    });
  }

  /** Waits for the end, as a service does that goes on by the outcome. */
  private async invokeInOwnName(principal: string, arn: string, event: unknown, sourceArn: string) {
    const permission = { action: 'lambda:InvokeFunction', resource: arn };
    const { allowed, message } = this.options.authority.ofService(principal, permission, sourceArn);
    if (!allowed) this.trouble(message);
    return allowed ? this.lambda.invokeSync(arn, event) : undefined;
  }

  /** A Multi-AZ failover begins now. */
  public failOver(): FailoverCourse {
    return failOver(this.database, this.course('failover'));
  }

  /** A blue/green deployment switches over now. */
  public switchOver(): SwitchOverCourse {
    return switchOver(this.database, this.course('switch-over'));
  }

  /** A switch-over begins now and is cancelled: nothing is renamed. */
  public cancelSwitchOver(): void {
    cancelSwitchOver(this.database, this.course('cancelled switch-over'));
  }

  /** RDS is asked for another failover too soon, and says that it will not. */
  public abandonFailover(): void {
    abandonFailover(this.database, this.course('abandoned failover'));
  }

  /** The cluster fails over to its next member now. */
  public failOverCluster(): ClusterCourse {
    return failOverCluster(this.cluster, this.course('failover'));
  }

  /** A failover of the cluster begins now and comes to nothing. */
  public failedFailover(): void {
    failedFailover(this.cluster, this.course('failed failover'));
  }

  /** Ends every process; the world cannot be used afterwards. */
  public async dispose(): Promise<void> {
    await Promise.all([...this.runtimes.values()].map((runtime) => runtime.dispose()));
    await Promise.all([this.wire.close(), this.dynamoDb.close(), ...this.onDispose.map((close) => close())]);
  }

  /** What the course of a database needs. */
  private course(what: string) {
    const { clock } = this;
    return {
      clock,
      chance: this.chance.fork(`${what} at ${clock.now()}`),
      emit: (event: CloudEvent) => this.bus.emit(event),
    };
  }

  private runtime(fn: ServedFunction, latencies: Latencies): FunctionRuntime {
    return new FunctionRuntime(fn.description, {
      clock: this.clock,
      wire: this.wire,
      latencies,
      chance: this.chance.fork('functions'),
      bootstrap: this.options.bootstrap,
      region: this.options.region,
      resolve: (name) =>
        this.rds.resolve(name) ?? this.customResources.resolve(name) ?? this.site.resolve(fn.description, name),
      connect: (from, host, port) => this.customResources.connect(host) ?? this.site.connect(from, host, port),
      onRefused: (functionName, what) => this.trouble(`${functionName} wanted ${what}, which is refused`),
    });
  }

  private lambdaService(latencies: Latencies): LambdaService {
    const { authority } = this.options;
    return new LambdaService(this.functions, {
      clock: this.clock,
      latencies,
      run: (arn, payload, requestId) => {
        const runtime = this.runtimes.get(arn);
        if (!runtime) throw new Error(`there is no function ${arn}`);
        return runtime.invoke(payload, requestId);
      },
      authorizeInvoke: (invoker, arn) =>
        invoker === DEPLOYER
          ? { allowed: true, message: '' }
          : invoker.kind === 'role'
            ? authority.ofRole(invoker.roleArn, { action: 'lambda:InvokeFunction', resource: arn })
            : authority.ofService(
                invoker.principal,
                { action: 'lambda:InvokeFunction', resource: arn },
                invoker.sourceArn,
              ),
      authorizeRole: (roleArn, permission) => authority.ofRole(roleArn, permission),
      mayAssume: (service, roleArn, sourceArn) => authority.assume(service, roleArn, sourceArn),
      onEnded: (fn, payload, result) => {
        const ended = { functionName: fn.name, payload, result };
        this.ended.push(ended);
        if (result.outcome !== 'returned') this.trouble(`${fn.name}: ${result.outcome}: ${result.error?.message}`);
        this.onEnded(ended);
      },
      onTrouble: (what) => this.trouble(what),
      onSent: ({ roleArn }, arn, body) => {
        if (this.queues.has(arn)) this.queues.sendOrLose(arn, body, { kind: 'role', roleArn });
      },
    });
  }

  private eventBus(rules: ReturnType<typeof describeRules>, latencies: Latencies): EventBus {
    const { accountId, region } = this.options;
    const inOwnName = (sourceArn: string): Invoker => ({
      kind: 'service',
      principal: 'events.amazonaws.com',
      sourceArn,
    });
    return new EventBus(rules, {
      clock: this.clock,
      latencies,
      chance: this.chance.fork('events'),
      account: accountId,
      region,
      busArn: `arn:aws:events:${region}:${accountId}:event-bus/default`,
      deliver: (rule, target, payload) => this.deliver(target.arn, JSON.stringify(payload), inOwnName(rule.arn)),
      deadLetter: (letter) => this.deadLetter(letter, inOwnName(letter.sourceArn)),
    });
  }

  private deliver(arn: string, payload: string, sender: Invoker): void {
    if (/^arn:[^:]+:lambda:/.test(arn)) this.lambda.invokeAsync(arn, JSON.parse(payload), sender);
    else if (this.queues.has(arn)) this.queues.send(arn, payload, sender);
    else this.onDelivered(arn);
  }

  private deadLetter(letter: DeadLetter, sender: Invoker): void {
    this.trouble(deadLetterText(letter));
    this.queues.sendDeadLetter(letter, sender);
  }

  private trouble(what: string): void {
    this.troubles.push({ at: this.clock.now(), what });
    this.onTrouble(what);
  }
}

/** What a dead-letter queue would hold; its arrival is what an operator has to hear of. */
function deadLetterText({ targetArn, errorCode, errorMessage, queueArn }: DeadLetter): string {
  return `what ${targetArn} did not take went to ${queueArn}: ${errorCode}: ${errorMessage}`;
}
