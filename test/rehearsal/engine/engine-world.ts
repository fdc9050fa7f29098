import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as eventBridge from '@aws-sdk/client-eventbridge';
import * as rds from '@aws-sdk/client-rds';
import { build } from 'esbuild';
import { bundleBootstrap } from '../../../rehearsal/bundle-bootstrap';
import { Chance } from '../../../rehearsal/cloud/chance';
import { Clock } from '../../../rehearsal/cloud/clock';
import { Latencies } from '../../../rehearsal/cloud/latencies';
import {
  type Call,
  type Permission,
  type RawServiceStandIn,
  ServiceError,
  type ServiceStandIn,
} from '../../../rehearsal/cloud/service';
import { Wire } from '../../../rehearsal/cloud/wire';
import {
  type FunctionDescription,
  FunctionRuntime,
  type InvocationResult,
} from '../../../rehearsal/functions/function-runtime';
import type { Connection } from '../../../rehearsal/functions/protocol';

export const START = Date.parse('2026-11-23T04:00:00Z');
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOST = 'host.internal';
export const DATABASE = 'orders.rehearsal.eu-central-1.rds.amazonaws.com';

/** The bundles and the bootstrap, built once for all worlds of a test file. */
export class Bundles {
  constructor(
    public readonly folder: string,
    public readonly bootstrap: string,
  ) {}

  public static async build(): Promise<Bundles> {
    const folder = mkdtempSync(path.join(tmpdir(), 'engine-'));
    await build({
      entryPoints: ['calls', 'time', 'world'].map((name) => path.join(__dirname, 'bundle', `${name}.ts`)),
      outdir: folder,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      minify: true,
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    return new Bundles(folder, await bundleBootstrap(folder));
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A cloud of two services and a clock: as much as the engine needs to be put through its paces. */
export class EngineWorld {
  public readonly clock = new Clock(START);
  public readonly wire: Wire;
  public readonly refused: string[] = [];
  public readonly announced: { at: number; type: string }[] = [];
  public readonly asked: Call[] = [];
  public addresses = ['10.0.16.4'];
  public denied: string | undefined;
  private readonly chance: Chance;
  private readonly latencies: Latencies;
  private readonly runtimes: FunctionRuntime[] = [];
  private requests = 0;

  public static async start(bundles: Bundles, seed = 'engine'): Promise<EngineWorld> {
    const world = new EngineWorld(bundles, seed);
    await world.wire.listen();
    return world;
  }

  private constructor(
    private readonly bundles: Bundles,
    seed: string,
  ) {
    this.chance = new Chance(seed);
    this.latencies = new Latencies(this.chance.fork('latencies'));
    this.wire = new Wire(this.clock, this.latencies, (caller, permission) =>
      this.authorize(caller.roleArn, permission),
    );
    this.wire.add(this.rds());
    this.wire.add(this.events());
    this.wire.add(this.host());
    this.wire.onKill = async (accessKey) => {
      for (const runtime of this.runtimes) await runtime.killByAccessKey(accessKey);
    };
  }

  public function(
    handler: string,
    changes: Partial<FunctionDescription> = {},
    watchdogMillis?: number,
  ): FunctionRuntime {
    const name = changes.name ?? handler.replace('.', '-');
    const description = {
      name,
      arn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
      roleArn: `arn:aws:iam::123456789012:role/${name}`,
      assetFolder: this.bundles.folder,
      handler,
      timeoutMillis: 58 * SECOND,
      memoryMiB: 256,
      environment: { DECLARED: 'yes', AWS_REGION: 'not-for-the-template-to-say' },
      logGroup: `/aws/lambda/${name}`,
      ...changes,
    };
    const runtime = new FunctionRuntime(description, {
      clock: this.clock,
      wire: this.wire,
      latencies: this.latencies,
      chance: this.chance.fork('functions'),
      bootstrap: this.bundles.bootstrap,
      region: 'eu-central-1',
      watchdogMillis,
      resolve: (asked) => (asked === DATABASE ? this.addresses : undefined),
      connect: (_from, host, port) => this.connect(host, port),
      onRefused: (functionName, what) => this.refused.push(`${functionName}: ${what}`),
    });
    this.runtimes.push(runtime);
    return runtime;
  }

  /** Invokes and lets the world go on until the invocation has ended, however long that takes there. */
  public async play(runtime: FunctionRuntime, payload: unknown = {}): Promise<InvocationResult> {
    let result: InvocationResult | undefined;
    void this.invoke(runtime, payload).then((ended) => {
      result = ended;
    });
    for (let minutes = 0; !result && minutes < 20; minutes++) await this.clock.run(MINUTE);
    if (!result) throw new Error('the invocation did not end within 20 minutes');
    return result;
  }

  public invoke(runtime: FunctionRuntime, payload: unknown = {}): Promise<InvocationResult> {
    return runtime.invoke(payload, `request-${++this.requests}`);
  }

  public async dispose(): Promise<void> {
    await Promise.all(this.runtimes.map((runtime) => runtime.dispose()));
    await this.wire.close();
  }

  /** One host of the system has a web server on one port. */
  private connect(host: string, port: number): Connection {
    if (host === 'gone.internal') return { kind: 'silent' };
    if (host === 'unknown.internal') return { kind: 'unknown-name' };
    if (host !== HOST) return { kind: 'foreign' };
    return port === 8090 ? { kind: 'open', address: '10.0.1.10' } : { kind: 'refused', address: '10.0.1.10' };
  }

  private authorize(roleArn: string, { action, resource }: Permission) {
    const because = `because no identity-based policy allows the ${action} action`;
    const message = `User: ${roleArn} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
    return { allowed: this.denied !== action, message };
  }

  private host(): RawServiceStandIn {
    return {
      kind: 'raw',
      signingName: 'http',
      permissions: () => [],
      handle: async ({ url, headers }) =>
        url === '/silent' ? undefined : { status: 200, headers: {}, body: `${headers.host} has ${url}` },
    };
  }

  private rds(): ServiceStandIn {
    const instance = {
      DBInstanceIdentifier: 'orders',
      AvailabilityZone: 'eu-central-1a',
      MultiAZ: true,
      Endpoint: { Address: DATABASE, Port: 3306 },
      InstanceCreateTime: new Date(START - MINUTE),
      PendingModifiedValues: { EngineVersion: '8.4 <new> & "quoted"' },
    };
    return {
      kind: 'by-schema',
      signingName: 'rds',
      client: { ...rds },
      protocol: 'aws-query',
      operations: {
        DescribeDBInstances: {
          permissions: () => [
            { action: 'rds:DescribeDBInstances', resource: 'arn:aws:rds:eu-central-1:123456789012:db:orders' },
          ],
          answer: (call) => {
            this.asked.push(call);
            const { DBInstanceIdentifier: identifier = 'orders' } = call.input;
            if (identifier === 'orders') return { DBInstances: [instance] };
            throw new ServiceError('DBInstanceNotFound', `DBInstance ${identifier} <not> found & gone.`, 404);
          },
        },
      },
    };
  }

  private events(): ServiceStandIn {
    return {
      kind: 'by-schema',
      signingName: 'events',
      client: { ...eventBridge },
      protocol: 'aws-json-1.1',
      operations: {
        PutEvents: {
          permissions: () => [
            { action: 'events:PutEvents', resource: 'arn:aws:events:eu-central-1:123456789012:event-bus/default' },
          ],
          answer: (call) => {
            this.asked.push(call);
            const entries = call.input.Entries as { DetailType: string }[];
            for (const entry of entries) this.announced.push({ at: this.clock.now(), type: entry.DetailType });
            return { FailedEntryCount: 0, Entries: entries.map((_entry, index) => ({ EventId: `event-${index}` })) };
          },
        },
      },
    };
  }
}
