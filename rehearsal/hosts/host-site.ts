import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Lanes } from './lanes';
import { killEveryScript } from './script-process';
import { SyncGate, type WaitingSync } from './sync-gate';

/** Real processes of scripts that are started at once: more than cores, since each also waits for its children. */
const SCRIPTS_AT_ONCE = 8;

/** What the hosts of a rehearsal share on this machine: a folder of its own for each, the gate of their syncs, and an end. */
export class HostSite {
  public static async open(scriptsAtOnce = SCRIPTS_AT_ONCE): Promise<HostSite> {
    const site = new HostSite(new Lanes(scriptsAtOnce));
    await site.gate.listen();
    return site;
  }

  public readonly gate = new SyncGate();
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'mobilink-hosts-'));
  private readonly arrivals = new Map<string, (sync: WaitingSync) => void>();

  private constructor(public readonly lanes: Lanes) {
    this.gate.onArrival = (host, sync) => {
      const expected = this.arrivals.get(host);
      if (expected) expected(sync);
      else sync.release(1);
    };
    sites.add(this);
  }

  /** The folder of a host. */
  public room(host: string): string {
    const folder = path.join(this.folder, host);
    mkdirSync(folder);
    return folder;
  }

  /** Whoever wants to know that a sync waits at the gate of a host. */
  public expect(host: string, arrived: (sync: WaitingSync) => void): void {
    this.arrivals.set(host, arrived);
  }

  public async close(): Promise<void> {
    await this.gate.close();
    this.remove();
    sites.delete(this);
  }

  /** At once, without waiting for anything. */
  public abandon(): void {
    killEveryScript();
    this.gate.kill();
    this.remove();
  }

  private remove(): void {
    // What is being killed may still write.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

const sites = new Set<HostSite>();
process.once('exit', () => {
  for (const site of sites) site.abandon();
});
