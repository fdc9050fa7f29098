import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Clock } from '../cloud/clock';
import { byHostClock, setHostClock } from './host-clock';
import type { HostSite } from './host-site';
import type { RehearsedHost } from './rehearsed-host';

/** What a deployment puts on the hosts of a remote whose database starts syncs. */
export interface InsideSetUp {
  /** By name: the scripts of docs/hosts.md. */
  readonly scripts: ReadonlyMap<string, string>;
  readonly schedules: string;
  readonly registry: string;
}

/** How one firing ended. */
export interface FiredEnd {
  readonly exitCode: number;
  readonly stderr: string;
}

/** The events of a remote's database on one host, which call the script of the schedules as xp_cmdshell does. */
export class DatabaseEvents {
  public readonly ended: FiredEnd[] = [];
  private readonly folder: string;
  private fired = 0;

  constructor(
    private readonly host: RehearsedHost,
    private readonly world: { readonly clock: Pick<Clock, 'now'>; readonly site: HostSite },
    { scripts, schedules, registry }: InsideSetUp,
  ) {
    this.folder = world.site.folderOf(host.id);
    for (const [name, text] of scripts) writeFileSync(path.join(this.folder, name), text, { mode: 0o755 });
    writeFileSync(path.join(this.folder, 'schedules.conf'), schedules, { mode: 0o644 });
    writeFileSync(path.join(this.folder, 'registry.conf'), registry, { mode: 0o644 });
  }

  /** The slot of a schedule has come; without a name, the partner has just become the primary. */
  public async fire(slot: string, schedule = ''): Promise<void> {
    setHostClock(this.folder, this.world.clock.now());
    const command = `exec /bin/bash --norc '${this.folder}/sync-due.sh' ${schedule}`.trim();
    await this.host.start(
      {
        commandId: `inside-${this.fired++}`,
        parameters: { RunId: [slot] },
        script: {
          lines: [...byHostClock(this.folder), command],
          // In real time nobody could wait for a sync that lasts as long as virtual time wants.
          environment: { MOBILINK_HA_BUSY_TRIES: '1' },
          timeoutSeconds: 0,
        },
      },
      ({ exitCode, stderr }) => this.ended.push({ exitCode, stderr }),
    );
  }
}
