import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { NodeCommand, ScriptEnd } from '../cloud/ssm-node';
import type { HostSite } from './host-site';
import type { ScriptProcess } from './script-process';
import type { WaitingSync } from './sync-gate';

/** A script has come to rest: it has ended, or its sync waits for its virtual end. */
export type Rest =
  | { readonly kind: 'ended'; readonly end: ScriptEnd; readonly outputIsHeld: boolean }
  | { readonly kind: 'syncing'; readonly sync: WaitingSync };

/** Where and as whom the agent of a host runs scripts. */
export interface AgentSettings {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** As a service of systemd has it. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** One script on a host. While it moves it holds a lane; virtual time must not reach what it decides before it rests. */
export class HostRun {
  public readonly process: ScriptProcess;
  public killed = false;
  /** What it has come to. A new one each time it is set in motion. */
  public rest: Promise<Rest>;
  private arrived: (sync: WaitingSync) => void = () => {};

  public static async start(command: NodeCommand, agent: AgentSettings, site: HostSite): Promise<HostRun> {
    await site.lanes.enter();
    return new HostRun(command, agent, site);
  }

  private constructor(
    public readonly command: NodeCommand,
    agent: AgentSettings,
    private readonly site: HostSite,
  ) {
    const { commandId, script } = command;
    const folder = path.join(agent.folder, commandId);
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, '_script.sh');
    // Written before anything else is started: a file that some child still has open for writing cannot be executed.
    writeFileSync(file, `${script.lines.join('\n')}\n`, { mode: 0o700 });
    const environment = { PATH, ...agent.environment, ...script.environment, SSM_COMMAND_ID: commandId };
    this.process = site.script({ file, folder: script.workingDirectory ?? folder, environment });
    this.rest = this.untilRest();
  }

  /** A sync of this host waits at the gate. */
  public arrival(sync: WaitingSync): void {
    this.arrived(sync);
  }

  /** Lets a waiting sync end; the script goes on. */
  public async release(sync: WaitingSync, exitCode: number): Promise<void> {
    await this.site.lanes.enter();
    this.rest = this.untilRest();
    sync.release(exitCode);
  }

  public async kill(): Promise<ScriptEnd> {
    await this.rest;
    this.killed = true;
    this.process.kill();
    return this.process.ended;
  }

  private async untilRest(): Promise<Rest> {
    const arrival = new Promise<Rest>((resolve) => {
      this.arrived = (sync) => resolve({ kind: 'syncing', sync });
    });
    const ended = this.process.ended.then(({ outputIsHeld, ...end }): Rest => ({ kind: 'ended', end, outputIsHeld }));
    const rest = await Promise.race([arrival, ended]);
    this.site.lanes.leave();
    return rest;
  }
}
