import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Lanes } from './lanes';
import { ScriptProcess, type ScriptProcessOptions } from './script-process';
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
  private readonly scripts = new Set<ScriptProcess>();
  private readonly arrivals = new Map<string, (sync: WaitingSync) => void>();

  private constructor(public readonly lanes: Lanes) {
    this.gate.onArrival = (host, sync) => {
      const expected = this.arrivals.get(host);
      if (expected) expected(sync);
      else sync.release(1);
    };
    sites.add(this);
  }

  /** The processes that are at work: the shells of scripts, and syncs at the gate. */
  public get pids(): number[] {
    return [...[...this.scripts].flatMap(({ group }) => group ?? []), ...this.gate.pids];
  }

  public folderOf(host: string): string {
    return path.join(this.folder, host);
  }

  /** Makes the folder of a host. */
  public room(host: string): string {
    const folder = this.folderOf(host);
    mkdirSync(folder);
    return folder;
  }

  /** Starts a script that ends with the site at the latest. */
  public script(options: ScriptProcessOptions): ScriptProcess {
    const script = new ScriptProcess(options);
    this.scripts.add(script);
    script.ended.finally(() => this.scripts.delete(script));
    return script;
  }

  /** Whoever wants to know that a sync waits at the gate of a host. */
  public expect(host: string, arrived: (sync: WaitingSync) => void): void {
    this.arrivals.set(host, arrived);
  }

  public async close(): Promise<void> {
    if (!sites.has(this)) return;
    const scripts = [...this.scripts];
    for (const script of scripts) script.kill();
    await this.gate.close();
    await Promise.all(scripts.map(({ ended }) => ended));
    this.remove();
    sites.delete(this);
  }

  /** At once, without waiting for anything. */
  public abandon(): void {
    for (const script of this.scripts) script.kill();
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
