import type { Clock, Scheduled } from '../cloud/clock';
import type { Latencies } from '../cloud/latencies';
import type { ManagedNode, NodeCommand, RunningScript, ScriptEnd } from '../cloud/ssm-node';
import { type AgentSettings, HostRun } from './host-run';
import type { HostSite } from './host-site';
import type { HostTools, Role } from './host-tools';
import type { WaitingSync } from './sync-gate';

export interface HostDescription {
  /** `i-…` or `mi-…`. */
  readonly id: string;
  /** `<group>/<remoteName>`. */
  readonly remote: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly role: Role;
  /** False for the only host of its remote. */
  readonly mirrored: boolean;
}

export interface HostWorld {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly latencies: Pick<Latencies, 'sample'>;
  readonly site: HostSite;
  readonly tools: HostTools;
  readonly region: string;
}

/** How a sync of a primary goes. */
export interface SyncPlan {
  /** Virtual seconds. */
  readonly seconds: number;
  /** dbmlsync's own. */
  readonly exitCode: number;
}

/** A sync that reached the database: dbmlsync was run. */
export interface SyncRecord {
  readonly host: string;
  readonly remote: string;
  readonly runId: string;
  readonly startedAt: number;
  endedAt?: number;
  /** Undefined when it was killed. */
  exitCode?: number;
  /** The agent killed its script, and it went on: the script's lock must hold until its end. */
  outlivedScript?: boolean;
}

interface OpenSync {
  readonly run: HostRun;
  readonly waiting: WaitingSync;
  readonly record: SyncRecord;
  readonly onEnded: (end: ScriptEnd) => void;
  ending: Scheduled;
}

const USUAL_SYNC: SyncPlan = { seconds: 20, exitCode: 0 };

/** A dbmlsync that fails on its own, or loses its database, does not take long. UNSOURCED. */
const FAILING_SECONDS = 1;
const LOST_DATABASE = 1;

/** Exit codes that the agent does not take for the script's own (amazon-ssm-agent: restart the host; stop the document as a success). */
const AGENTS_OWN = [194, 168];

/** A host of a remote: its agent runs real scripts, and its database has a role. What must never happen is noted. */
export class RehearsedHost implements ManagedNode {
  public readonly id: string;
  public readonly remote: string;
  public readonly tags: Readonly<Record<string, string>>;
  public readonly violations: string[] = [];
  public readonly syncs: SyncRecord[] = [];
  /** @default - Systems Manager knows it */
  public registered = true;
  /** How the syncs go for which nothing is planned. */
  public usualSync = USUAL_SYNC;
  private readonly planned: SyncPlan[] = [];
  private readonly folder: string;
  private readonly agent: AgentSettings;
  private readonly accepts: NodeCommand[] = [];
  private readonly connecting: (() => void | Promise<void>)[] = [];
  private readonly open: OpenSync[] = [];
  /** What the database was when a script met it. */
  private readonly roles = new WeakMap<HostRun, Role>();
  private moving?: HostRun;
  private connected = true;
  private currentRole: Role;
  private readonly mirrored: boolean;

  constructor(
    description: HostDescription,
    private readonly world: HostWorld,
  ) {
    this.id = description.id;
    this.remote = description.remote;
    this.tags = description.tags;
    this.currentRole = description.role;
    this.mirrored = description.mirrored;
    const { site, tools, region } = world;
    this.folder = site.room(this.id);
    const environment = tools.install(this.folder, {
      remote: this.remote,
      mirrored: this.mirrored,
      dbmlsync: (standIn) => site.gate.program(this.id, standIn),
    });
    tools.tell(this.folder, this.role, this.mirrored);
    this.agent = {
      folder: `${this.folder}/agent`,
      environment: { ...environment, AWS_SSM_INSTANCE_ID: this.id, AWS_SSM_REGION_NAME: region },
    };
    site.expect(this.id, (sync) => this.moving?.arrival(sync));
  }

  public get online(): boolean {
    return this.connected;
  }

  public get role(): Role {
    return this.currentRole;
  }

  /** The next syncs of a primary, in this order. */
  public plan(...syncs: SyncPlan[]): void {
    this.planned.push(...syncs);
  }

  public disconnect(): void {
    this.connected = false;
  }

  public async connect(): Promise<void> {
    this.connected = true;
    for (const action of this.connecting.splice(0)) await action();
  }

  public whenOnline(action: () => void | Promise<void>): void {
    this.connecting.push(action);
  }

  /** From now on the host's database has this role. A sync that needs a primary fails when it is none any more. */
  public async become(role: Role): Promise<void> {
    await this.rest();
    this.currentRole = role;
    this.world.tools.tell(this.folder, role, this.mirrored);
    if (role !== 'primary') await this.loseSyncs();
  }

  /** Its MobiLink server serves nobody from now on: syncs under way are lost, and others fail soon. */
  public async loseServer(): Promise<void> {
    await this.rest();
    this.usualSync = { seconds: FAILING_SECONDS, exitCode: LOST_DATABASE };
    await this.loseSyncs();
  }

  /** Its MobiLink server takes no new sync from now on; those under way come to their end. */
  public async missServer(): Promise<void> {
    await this.rest();
    this.usualSync = { seconds: FAILING_SECONDS, exitCode: LOST_DATABASE };
  }

  public findServer(): void {
    this.usualSync = USUAL_SYNC;
  }

  public accepted(command: NodeCommand): void {
    const runId = runOf(command);
    if (this.accepts.some((it) => runOf(it) === runId)) this.violate(`two commands of ${runId} at once`);
    this.accepts.push(command);
  }

  public closed(command: NodeCommand): void {
    this.accepts.splice(this.accepts.indexOf(command), 1);
  }

  /** Its outcome shows a little later: until then other hosts' scripts run beside it in real time. */
  public async start(command: NodeCommand, ended: (end: ScriptEnd) => void): Promise<RunningScript> {
    await this.rest();
    const run = await HostRun.start(command, this.agent, this.world.site);
    this.moving = run;
    this.roles.set(run, this.role);
    this.lookLater(run, ended);
    return { kill: () => this.kill(run) };
  }

  /** Everything that is under way in real time has come to rest. */
  public async rest(): Promise<void> {
    await this.moving?.rest;
  }

  /** The stand-ins' own complaints, which they write down on the host. */
  public complaints(): string[] {
    return [...this.violations, ...this.world.tools.complaints(this.folder)].map((what) => `${this.id}: ${what}`);
  }

  private async loseSyncs(): Promise<void> {
    for (const sync of [...this.open]) {
      sync.ending.cancel();
      await this.end(sync, LOST_DATABASE);
    }
  }

  private lookLater(run: HostRun, ended: (end: ScriptEnd) => void): void {
    const { clock, latencies } = this.world;
    clock.after(latencies.sample('host-script'), `script on ${this.id}`, () => this.look(run, ended));
  }

  private async look(run: HostRun, ended: (end: ScriptEnd) => void): Promise<void> {
    const rest = await run.rest;
    if (run.killed) return;
    if (rest.kind === 'syncing') return this.begin(run, rest.sync, ended);
    if (rest.outputIsHeld) this.violate('the script left something behind that holds its output');
    if (AGENTS_OWN.includes(rest.end.exitCode)) this.violate(`the script ended with ${rest.end.exitCode}`);
    ended(rest.end);
  }

  private begin(run: HostRun, waiting: WaitingSync, onEnded: (end: ScriptEnd) => void): void {
    const { clock } = this.world;
    if (this.open.length > 0) this.violate('two syncs at once');
    const role = this.roles.get(run) ?? this.role;
    if (role !== 'primary') this.violate(`a sync while the database is ${role}`);
    const record = { host: this.id, remote: this.remote, runId: runOf(run.command), startedAt: clock.now() };
    this.syncs.push(record);
    const plan = this.planOf(waiting);
    const sync: OpenSync = { run, waiting, record, onEnded, ending: NOT_SCHEDULED };
    if (Number.isFinite(plan.seconds)) {
      sync.ending = clock.after(plan.seconds * 1000, `sync on ${this.id} ends`, () => this.end(sync, plan.exitCode));
    }
    this.open.push(sync);
  }

  private planOf({ exitCode }: WaitingSync): SyncPlan {
    if (exitCode !== 0) return { seconds: FAILING_SECONDS, exitCode };
    // It lost its database while the script was on its way.
    if (this.role !== 'primary') return { seconds: FAILING_SECONDS, exitCode: LOST_DATABASE };
    return this.planned.shift() ?? this.usualSync;
  }

  private async end(sync: OpenSync, exitCode: number): Promise<void> {
    this.forget(sync, exitCode);
    // Nobody waits for the script of a sync that has outlived it.
    if (sync.run.killed) return sync.waiting.release(exitCode);
    await this.rest();
    await sync.run.release(sync.waiting, exitCode);
    this.moving = sync.run;
    this.lookLater(sync.run, sync.onEnded);
  }

  private forget(sync: OpenSync, exitCode: number | undefined): void {
    Object.assign(sync.record, { endedAt: this.world.clock.now(), exitCode });
    this.open.splice(this.open.indexOf(sync), 1);
  }

  private async kill(run: HostRun): Promise<ScriptEnd> {
    const rest = await run.rest;
    // Its sync may be at the gate already, though nobody has looked yet.
    if (rest.kind === 'syncing' && !this.open.some(({ waiting }) => waiting === rest.sync)) {
      this.begin(run, rest.sync, () => {});
    }
    const end = await run.kill();
    for (const sync of this.open.filter((it) => it.run === run)) {
      sync.record.outlivedScript = sync.waiting.processGroup !== run.process.group;
      if (sync.record.outlivedScript) continue;
      await sync.waiting.gone;
      sync.ending.cancel();
      this.forget(sync, undefined);
    }
    return end;
  }

  private violate(what: string): void {
    this.violations.push(`${new Date(this.world.clock.now()).toISOString()} ${what}`);
  }
}

const NOT_SCHEDULED: Scheduled = { cancel: () => {} };

/** The run that a command belongs to; for a document without runs each command is one. */
function runOf({ commandId, parameters }: NodeCommand): string {
  return parameters.RunId?.[0] ?? commandId;
}
