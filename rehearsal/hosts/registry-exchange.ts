import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Clock, Participant } from '../cloud/clock';
import type { Wire } from '../cloud/wire';
import { installAwsCli } from './aws-cli/install';
import { byHostClock, setHostClock } from './host-clock';
import type { HostSite } from './host-site';
import type { ScriptProcess } from './script-process';

export interface ExchangeWorld {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly site: HostSite;
  readonly region: string;
}

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';

/** Real seconds that a script may take between two calls. */
const PATIENCE_SECONDS = 60;

/** The timer of a host that tells the registry what became of syncs, as the host's own role. */
export class RegistryExchange {
  /** Outputs of the script, one for each time. */
  public readonly said: string[] = [];
  private readonly folder: string;
  private readonly accessKey: string;
  private times = 0;

  public static async open(host: string, roleArn: string, world: ExchangeWorld): Promise<RegistryExchange> {
    const exchange = new RegistryExchange(host, roleArn, world);
    await installAwsCli(path.join(exchange.folder, 'aws'), exchange.folder);
    exchange.connect();
    return exchange;
  }

  private constructor(
    private readonly host: string,
    private readonly roleArn: string,
    private readonly world: ExchangeWorld,
  ) {
    this.folder = world.site.folderOf(host);
    this.accessKey = `ASIA${createHash('sha256').update(host).digest('hex').slice(0, 16).toUpperCase()}`;
  }

  public connect(): void {
    writeFileSync(path.join(this.folder, 'uplink'), `http://127.0.0.1:${this.world.wire.port}`);
  }

  /** From now on this host does not reach AWS. */
  public disconnect(): void {
    writeFileSync(path.join(this.folder, 'uplink'), NOWHERE);
  }

  /** Outcomes that nobody has been told yet. */
  public get waiting(): number {
    const folder = path.join(this.folder, 'state', 'outcomes');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0;
  }

  /** The timer fires; the script ends in virtual time, after what it asks AWS. */
  public begin(): void {
    const { clock, wire, site, region } = this.world;
    const work = path.join(this.folder, `exchange-${this.times++}`);
    mkdirSync(work);
    setHostClock(this.folder, clock.now());
    const file = path.join(work, 'script.sh');
    const script = `exec /bin/bash --norc '${this.folder}/exchange-with-registry.sh'`;
    writeFileSync(file, [...byHostClock(this.folder), script, ''].join('\n'), { mode: 0o700 });
    const process = site.script({
      file,
      folder: work,
      environment: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        TMPDIR: work,
        MOBILINK_HA_CONFIG: path.join(this.folder, 'remote.conf'),
        MOBILINK_HA_PATH: path.join(this.folder, 'aws'),
        MOBILINK_HA_CALL_SECONDS: String(PATIENCE_SECONDS),
        AWS_ACCESS_KEY_ID: this.accessKey,
        AWS_SECRET_ACCESS_KEY: 'secret-of-the-rehearsal',
        AWS_SESSION_TOKEN: 'session-of-the-rehearsal',
        AWS_REGION: region,
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
    });
    const running = new RunningExchange(`${this.host} exchange`, process, () => wire.openRequests(this.accessKey));
    // A role of EC2 has the instance for its session.
    wire.addCaller(
      this.accessKey,
      { functionName: this.host, roleArn: this.roleArn, process: running.name },
      { region, deliver: (delivery) => running.answered(delivery) },
    );
    clock.join(running);
    process.ended.then(({ stdout, stderr }) => {
      clock.leave(running);
      wire.forget(this.accessKey);
      this.said.push(`${stdout}${stderr}`);
    });
  }
}

/** The clock waits for the script while it is at work, and goes on while it waits for AWS. */
class RunningExchange implements Participant {
  private ended = false;
  private readonly delivered = new Set<string>();

  constructor(
    public readonly name: string,
    private readonly process: ScriptProcess,
    private readonly openRequests: () => string[],
  ) {
    process.ended.then(() => {
      this.ended = true;
    });
  }

  public answered(delivery: () => void): void {
    for (const sequence of this.openRequests()) this.delivered.add(sequence);
    delivery();
  }

  public async settle(): Promise<void> {
    const latest = Date.now() + PATIENCE_SECONDS * 1000;
    while (!this.ended && !this.openRequests().some((sequence) => !this.delivered.has(sequence))) {
      if (Date.now() > latest) {
        this.process.kill();
        throw new Error(`${this.name} neither ended nor asked AWS for ${PATIENCE_SECONDS} real seconds`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  public nextTimer(): undefined {
    return undefined;
  }

  public async advance(): Promise<void> {}
}
