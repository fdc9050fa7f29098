import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Latencies } from '../../../rehearsal/cloud/latencies';
import { HostSite } from '../../../rehearsal/hosts/host-site';
import type { HostTools, Role } from '../../../rehearsal/hosts/host-tools';
import { RehearsedHost } from '../../../rehearsal/hosts/rehearsed-host';
import { REGION } from '../cloud/database';
import { nodeId, SsmDoor } from '../cloud/ssm-bench';

/** No tools but a program `sync` that stands at the gate, and the role in a file. */
export const bareTools: HostTools = {
  install(folder, { dbmlsync }) {
    mkdirSync(path.join(folder, 'bin'));
    writeFileSync(path.join(folder, 'bin/sync'), dbmlsync('/bin/true'), { mode: 0o700 });
    return { HOST_FOLDER: folder };
  },
  tell: (folder, role) => writeFileSync(path.join(folder, 'role'), role),
  complaints: () => [],
};

export function shellDocument(...runCommand: string[]): unknown {
  return {
    schemaVersion: '2.2',
    parameters: {
      RunId: { type: 'String', interpolationType: 'ENV_VAR' },
      ExecutionTimeout: { type: 'String', default: '3600' },
    },
    mainSteps: [
      { action: 'aws:runShellScript', name: 'Run', inputs: { timeoutSeconds: '{{ ExecutionTimeout }}', runCommand } },
    ],
  };
}

export interface HostBenchOptions {
  readonly document: unknown;
  readonly roles: readonly Role[];
  /** @default - bare ones */
  readonly tools?: HostTools;
  /** @default - usual */
  readonly scriptsAtOnce?: number;
  /** @default - a delivery takes 1 s, a script 1 s */
  readonly latencies?: Pick<Latencies, 'sample'>;
}

/** Run Command with hosts that run scripts in real processes; each host is a remote of its own, or the half of one pair. */
export class HostBench extends SsmDoor {
  public static async start(options: HostBenchOptions): Promise<HostBench> {
    return new HostBench(options, await HostSite.open(options.scriptsAtOnce)).open();
  }

  public readonly hosts: RehearsedHost[];

  private constructor(
    options: HostBenchOptions,
    public readonly site: HostSite,
  ) {
    const latencies = options.latencies ?? { sample: (purpose) => (purpose === 'ssm-listing' ? 0 : 1_000) };
    super(options.document, 'hosts', latencies);
    const world = {
      clock: this.door.clock,
      latencies,
      site,
      tools: options.tools ?? bareTools,
      region: REGION,
    };
    this.hosts = options.roles.map((role, index) => {
      const remote = `stores/store-${index}`;
      return new RehearsedHost({ id: nodeId(index), remote, tags: {}, role, mirrored: true }, world);
    });
    this.ssm.add(...this.hosts);
  }

  public host(index: number): RehearsedHost {
    const host = this.hosts[index];
    if (!host) throw new Error(`there is no host ${index}`);
    return host;
  }

  /** Sends a command of a run to hosts by their numbers. */
  public async order(runId: string, hosts: number[], timeLimit = 3_600): Promise<string> {
    const { CommandId } = await this.send({
      InstanceIds: hosts.map(nodeId),
      Parameters: { RunId: [runId], ExecutionTimeout: [String(timeLimit)] },
      MaxErrors: '100%',
      MaxConcurrency: '100%',
    });
    return CommandId;
  }

  /** What became of it on one host. */
  public async outcome(CommandId: string, index = 0) {
    const { CommandInvocations = [] } = await this.invocations({ CommandId, InstanceId: nodeId(index) });
    const [{ StatusDetails = '', CommandPlugins: [plugin] = [] } = {}] = CommandInvocations;
    const { ResponseCode: code, Output: output = '' } = plugin ?? {};
    return { details: StatusDetails.replaceAll(' ', ''), code, output };
  }

  public get violations(): string[] {
    return this.hosts.flatMap((host) => host.complaints());
  }

  public override async close(): Promise<void> {
    await super.close();
    await this.site.close();
  }
}
