import { connect } from 'node:net';
import { LoopbackService } from '../cloud/loopback-service';
import { SecretsManager } from '../cloud/secrets-manager';
import { ReplicatedPair } from '../mariadb/replicated-pair';
import { temporaryFolder } from '../mariadb/temporary-folder';
import { network } from './network';
import { type Line, type Supervised, startSupervised } from './supervised';
import { LOGIN_ARN } from './told';
import { VARIANTS, type Variant } from './variants';

/** For a sync that hangs with its database; all else as in production. */
const QUICK_END = { finalStop: { grace: 1_000, hangUp: 2_000, kill: 3_000 } };

/** How one supervisor got through a failover. Times are milliseconds since 1970. */
export interface Passage {
  readonly variant: Variant;
  /** What the supervisor said since the failover began, its server's log left aside. */
  readonly lines: readonly Line[];
  /** Infinite when it did not come back. */
  readonly servingAt: number;
}

export interface Round {
  readonly how: 'killed' | 'hung';
  readonly goneAt: number;
  /** Since when the database accepts logins again. */
  readonly backAt: number;
  readonly passages: readonly Passage[];
}

/** A pair that fails over, and a supervisor for each way in which a server may behave, all in real time. */
export class FailoverSite {
  public static async start(variants: readonly Variant[], onAbort?: AbortSignal): Promise<FailoverSite> {
    const folder = temporaryFolder();
    const site = new FailoverSite(variants, folder.remove);
    try {
      const stored = new SecretsManager(Date);
      site.loopback = await LoopbackService.start(stored.standIn);
      const names = network(folder.path);
      site.pair = await ReplicatedPair.start(names);
      onAbort?.throwIfAborted();
      stored.put(LOGIN_ARN, site.database.secret);
      const place = {
        folder: folder.path,
        network: names,
        database: site.database,
        secretsEndpoint: site.loopback.endpoint,
      };
      for (const variant of variants) {
        site.supervised.set(variant, await startSupervised(place, VARIANTS[variant].behaviour, QUICK_END));
      }
      for (const variant of variants) await site.of(variant).until('serving');
      onAbort?.throwIfAborted();
    } catch (error) {
      await site.stop();
      throw error;
    }
    site.watch = setInterval(() => site.visitHealthPorts(), 250);
    return site;
  }

  /** The load balancer would take these for dead. */
  public readonly refusals: string[] = [];
  private readonly supervised = new Map<Variant, Supervised>();
  private pair?: ReplicatedPair;
  private loopback?: LoopbackService;
  private watch?: NodeJS.Timeout;
  private isStopped = false;

  private constructor(
    public readonly variants: readonly Variant[],
    private readonly removeFolder: () => void,
  ) {}

  public get database(): ReplicatedPair {
    if (!this.pair) throw new Error('There is no pair');
    return this.pair;
  }

  public of(variant: Variant): Supervised {
    const it = this.supervised.get(variant);
    if (!it) throw new Error(`There is no supervisor of a server that ${VARIANTS[variant].title}`);
    return it;
  }

  /** The primary goes, the standby takes over after a while, and every server serves again. */
  public async failOver(how: Round['how'], awayMillis: number): Promise<Round> {
    const before = new Map(this.variants.map((it) => [it, this.of(it).lines.length]));
    const served = new Map(this.variants.map((it) => [it, this.of(it).count('serving')]));
    const goneAt = Date.now();
    const backAt = await this.database.failOver(how, awayMillis);
    // One that does not come back is a result, too.
    await Promise.allSettled(this.variants.map((it) => this.of(it).until('serving', (served.get(it) ?? 0) + 1)));
    // What it has restarted is let alone from now on.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const passages = this.variants.map((variant): Passage => {
      const lines = this.of(variant)
        .lines.slice(before.get(variant))
        .filter(({ event }) => event !== undefined);
      const serving = lines.find(({ event }) => event === 'serving');
      return {
        variant,
        lines,
        servingAt: serving ? Date.parse(String(serving.fields.time)) : Number.POSITIVE_INFINITY,
      };
    });
    return { how, goneAt, backAt, passages };
  }

  public async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    clearInterval(this.watch);
    await Promise.all([...this.supervised.values()].map(end));
    await this.pair?.stop();
    await this.loopback?.stop();
    this.removeFolder();
  }

  /** As the load balancer does, only more often: an outage of the database must never make it take a task out. */
  private visitHealthPorts(): void {
    for (const variant of this.variants) {
      const socket = connect(this.of(variant).healthPort, '127.0.0.1', () => socket.destroy());
      socket.once('error', (error) => this.refusals.push(`${variant}: ${error.message}`));
    }
  }
}

async function end(it: Supervised): Promise<void> {
  it.signal('SIGTERM');
  await it.ended;
}
