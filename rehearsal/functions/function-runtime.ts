import { createHash } from 'node:crypto';
import * as path from 'node:path';
import type { Chance } from '../cloud/chance';
import type { Clock, Scheduled } from '../cloud/clock';
import type { Latencies } from '../cloud/latencies';
import type { Wire } from '../cloud/wire';
import { type Asked, FunctionProcess } from './function-process';
import type { Connection, ThrownError } from './protocol';

export interface FunctionDescription {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** The folder of the bundle as the assembly stages it. */
  readonly assetFolder: string;
  /** As in `index.handler`. */
  readonly handler: string;
  readonly timeoutMillis: number;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** Undefined outside of any VPC. */
  readonly network?: FunctionNetwork;
}

/** Where in a VPC a function runs. */
export interface FunctionNetwork {
  readonly securityGroupIds: readonly string[];
  readonly subnetIds: readonly string[];
}

export type Outcome = 'returned' | 'failed' | 'timed-out' | 'killed';

export interface LogLine {
  /** Virtual time, in milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

export interface InvocationResult {
  readonly requestId: string;
  readonly outcome: Outcome;
  readonly value?: unknown;
  readonly error?: ThrownError;
  readonly logs: LogLine[];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly coldStart: boolean;
}

/** What a runtime needs of the rehearsal around it. */
export interface RuntimeWorld {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly latencies: Latencies;
  readonly chance: Chance;
  readonly bootstrap: string;
  readonly region: string;
  /**
   * Real milliseconds without any progress after which a process is taken for a busy loop.
   * @default - 10 000
   */
  readonly watchdogMillis?: number;
  /** The addresses of a name of the synthesized world at this moment; undefined when there is no such name. */
  resolve(name: string): string[] | undefined;
  /** What becomes of a TCP connection from the function to a host that is not AWS. */
  connect(from: FunctionDescription, host: string, port: number): Connection;
  onRefused(functionName: string, what: string): void;
}

interface Environment {
  readonly process: FunctionProcess;
  readonly accessKey: string;
  /** What arrived while it was frozen. */
  readonly undelivered: (() => void)[];
  frozen: boolean;
  invocation?: Invocation;
}

interface Invocation {
  readonly requestId: string;
  readonly startedAt: number;
  readonly coldStart: boolean;
  readonly logs: LogLine[];
  readonly timeout: Scheduled;
  end(result: InvocationResult): void;
}

/** Runs the bundle of one function as Lambda does: one invocation an environment at a time, environments reused while warm. */
export class FunctionRuntime {
  private readonly environments: Environment[] = [];
  private readonly asked: { environment: Environment; asked: Asked }[] = [];
  private made = 0;

  constructor(
    public readonly description: FunctionDescription,
    private readonly world: RuntimeWorld,
  ) {
    world.clock.addIntake(() => this.takeIn());
  }

  /** Resolves when the invocation has ended, however it did. */
  public async invoke(payload: unknown, requestId: string): Promise<InvocationResult> {
    const { clock, latencies } = this.world;
    const warm = this.environments.find((it) => it.invocation === undefined && it.process.alive);
    const delay = latencies.sample(warm ? 'invoke' : 'cold-start');
    return new Promise((end) => {
      const reserved = warm ?? this.spawn();
      const starting = { requestId, startedAt: clock.now(), coldStart: !warm, logs: [], end };
      reserved.invocation = { ...starting, timeout: { cancel: () => {} } };
      clock.after(delay, `start ${this.description.name}`, () => this.start(reserved, starting, payload));
    });
  }

  public async dispose(): Promise<void> {
    for (const { process } of this.environments) this.world.clock.leave(process);
    await Promise.all(this.environments.map(({ process }) => process.kill()));
  }

  /** Kills the environment that holds the access key, as a failing host would. */
  public async killByAccessKey(accessKey: string): Promise<void> {
    const environment = this.environments.find((it) => it.accessKey === accessKey);
    if (!environment) return;
    await this.finish(environment, 'killed', { error: { name: 'Killed', message: 'the environment died' } });
  }

  private spawn(): Environment {
    const { wire, bootstrap, watchdogMillis = WATCHDOG_MILLIS } = this.world;
    const number = this.made++;
    const name = `${this.description.name}#${String(number).padStart(4, '0')}`;
    const accessKey = `ASIA${createHash('sha256').update(name).digest('hex').slice(0, 16).toUpperCase()}`;
    const process = new FunctionProcess({
      name,
      bootstrap,
      watchdogMillis,
      environment: this.variables(accessKey, number),
      openRequests: () => wire.openRequests(accessKey),
      onAsked: (asked) => this.asked.push({ environment, asked }),
      onLog: (at, text) => environment.invocation?.logs.push({ at, text }),
      onHung: () => {
        const text = `The rehearsal saw no progress for ${watchdogMillis / 1000} real seconds and takes this for a busy loop`;
        environment.invocation?.logs.push({ at: this.world.clock.now(), text });
      },
      onRefused: (what) => this.world.onRefused(this.description.name, what),
    });
    const environment: Environment = { process, accessKey, undelivered: [], frozen: false };
    const caller = { functionName: this.description.name, roleArn: this.description.roleArn, process: name };
    wire.addCaller(accessKey, caller, {
      region: this.world.region,
      deliver: (delivery) => deliver(environment, delivery),
    });
    this.environments.push(environment);
    return environment;
  }

  private variables(accessKey: string, number: number): Record<string, string> {
    const { description, world } = this;
    return {
      ...description.environment,
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-rehearsal',
      AWS_SESSION_TOKEN: 'session-of-the-rehearsal',
      AWS_REGION: world.region,
      AWS_DEFAULT_REGION: world.region,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: description.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(description.memoryMiB),
      AWS_LAMBDA_LOG_GROUP_NAME: description.logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: `environment/${number}`,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_ENDPOINT_URL: world.wire.endpoint,
      // The SDK looks for both in the home folder; on Lambda there are none.
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      LAMBDA_TASK_ROOT: description.assetFolder,
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      _HANDLER: description.handler,
    };
  }

  private async start(
    environment: Environment,
    starting: Omit<Invocation, 'timeout'>,
    payload: unknown,
  ): Promise<void> {
    // The environment died, or was killed, before the invocation reached it: that has ended already.
    if (environment.invocation?.requestId !== starting.requestId) return;
    const { clock } = this.world;
    const { description } = this;
    if (starting.coldStart) {
      const error = await this.load(environment);
      if (error) return this.finish(environment, 'failed', { error }, true);
    }
    const deadline = clock.now() + description.timeoutMillis;
    const timeout = clock.at(deadline, `time-out of ${description.name}`, () => {
      const message = `Task timed out after ${(description.timeoutMillis / 1000).toFixed(2)} seconds`;
      return this.finish(environment, 'timed-out', { error: { name: 'Sandbox.Timedout', message } });
    });
    environment.invocation = { ...starting, startedAt: clock.now(), timeout };
    clock.join(environment.process);
    environment.process.invoke({
      now: clock.now(),
      requestId: starting.requestId,
      deadline,
      payload,
      identity: {
        functionName: description.name,
        functionArn: description.arn,
        memoryMiB: description.memoryMiB,
        logGroup: description.logGroup,
      },
    });
    // Once it has set its clock: what had arrived meanwhile. It may have returned, and be frozen again, by then.
    clock.after(0, `thaw ${environment.process.name}`, () => {
      if (environment.invocation?.requestId !== starting.requestId) return;
      environment.frozen = false;
      for (const delivery of environment.undelivered.splice(0)) delivery();
    });
  }

  private load({ process }: Environment): Promise<ThrownError | undefined> {
    const { clock, chance, wire } = this.world;
    const { handler, assetFolder } = this.description;
    const dot = handler.lastIndexOf('.');
    return process.load({
      bundle: path.join(assetFolder, handler.slice(0, dot)),
      handler: handler.slice(dot + 1),
      seed: chance.fork(process.name).next().toString(),
      now: clock.now(),
      wirePort: wire.port,
    });
  }

  /** In the order of the environments; what one environment asked stays in its own order. */
  private async takeIn(): Promise<boolean> {
    const asked = this.asked
      .splice(0)
      .sort((a, b) => (a.environment.process.name < b.environment.process.name ? -1 : 1));
    for (const { environment, asked: it } of asked) await this.answer(environment, it);
    return asked.length > 0;
  }

  private async answer(environment: Environment, asked: Asked): Promise<void> {
    const { clock, latencies } = this.world;
    if (asked.type === 'resolve') {
      clock.after(latencies.sample('dns'), `resolve ${asked.name}`, () => {
        const addresses = this.world.resolve(asked.name);
        if (!addresses) this.world.onRefused(this.description.name, `the name ${asked.name}`);
        deliver(environment, () => environment.process.resolved(asked.sequence, addresses));
      });
    } else if (asked.type === 'connect') {
      clock.after(latencies.sample('connect'), `connect ${asked.host}:${asked.port}`, () => {
        const connection = this.world.connect(this.description, asked.host, asked.port);
        if (connection.kind === 'unknown-name') this.world.onRefused(this.description.name, `the name ${asked.host}`);
        deliver(environment, () => environment.process.connected(asked.sequence, connection));
      });
    } else if (environment.invocation?.requestId === asked.requestId) {
      const ending = asked.type === 'failed' ? { error: asked.error } : { value: asked.value };
      await this.finish(environment, asked.type, ending);
    }
  }

  private async finish(
    environment: Environment,
    outcome: Outcome,
    ending: { value?: unknown; error?: ThrownError },
    environmentIsSpent = outcome === 'timed-out' || outcome === 'killed',
  ): Promise<void> {
    const { clock, wire } = this.world;
    const { invocation, process } = environment;
    clock.leave(process);
    invocation?.timeout.cancel();
    environment.invocation = undefined;
    environment.frozen = true;
    if (environmentIsSpent || !process.alive) {
      this.environments.splice(this.environments.indexOf(environment), 1);
      wire.forget(environment.accessKey);
      await process.kill();
    }
    invocation?.end({
      requestId: invocation.requestId,
      outcome,
      ...ending,
      logs: invocation.logs,
      startedAt: invocation.startedAt,
      endedAt: clock.now(),
      coldStart: invocation.coldStart,
    });
  }
}

const WATCHDOG_MILLIS = 10_000;

function deliver(environment: Environment, delivery: () => void): void {
  if (environment.frozen) environment.undelivered.push(delivery);
  else delivery();
}
