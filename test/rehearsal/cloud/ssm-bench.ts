import {
  CancelCommandCommand,
  ListCommandInvocationsCommand,
  type ListCommandInvocationsCommandInput,
  ListCommandsCommand,
  type ListCommandsCommandInput,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { Chance } from '../../../rehearsal/cloud/chance';
import type { Scheduled } from '../../../rehearsal/cloud/clock';
import type { Latencies } from '../../../rehearsal/cloud/latencies';
import { Ssm } from '../../../rehearsal/cloud/ssm';
import { CommandDocument } from '../../../rehearsal/cloud/ssm-document';
import type { ManagedNode, NodeCommand, RunningScript, ScriptEnd } from '../../../rehearsal/cloud/ssm-node';
import { ACCOUNT, REGION } from './database';
import { SdkDoor } from './sdk-door';

export const DOCUMENT_ARN = `arn:aws:ssm:${REGION}:${ACCOUNT}:document/sync`;

export const DOCUMENT = {
  schemaVersion: '2.2',
  parameters: {
    RunId: { type: 'String', allowedPattern: '^[a-z]+@[0-9]+$', interpolationType: 'ENV_VAR' },
    Greeting: { type: 'String', default: 'hello', allowedValues: ['hello', 'bye'] },
    ExecutionTimeout: { type: 'String', default: '600', allowedPattern: '^[0-9]{2,6}$' },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'Sync',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { timeoutSeconds: '{{ ExecutionTimeout }}', runCommand: ['echo {{ Greeting }}', 'echo "$SSM_RunId"'] },
    },
  ],
};

export function nodeId(index: number): string {
  return `i-${index.toString(16).padStart(17, '0')}`;
}

/** A host whose scripts take as long, and end, as the test says; no process is started. */
export class ScriptedNode implements ManagedNode {
  public registered = true;
  public online = true;
  public seconds = 10;
  public end: ScriptEnd = { exitCode: 0, stdout: 'done\n', stderr: '' };
  public readonly ran: { at: number; command: NodeCommand }[] = [];
  public readonly killed: string[] = [];
  private readonly waiting: (() => void | Promise<void>)[] = [];

  constructor(
    public readonly id: string,
    public readonly tags: Record<string, string>,
    private readonly clock: { now(): number; after(millis: number, what: string, action: () => void): Scheduled },
  ) {}

  public whenOnline(action: () => void | Promise<void>): void {
    this.waiting.push(action);
  }

  public async connect(): Promise<void> {
    this.online = true;
    for (const action of this.waiting.splice(0)) await action();
  }

  public accepted(): void {}

  public closed(): void {}

  public async start(command: NodeCommand, ended: (end: ScriptEnd) => void): Promise<RunningScript> {
    this.ran.push({ at: this.clock.now(), command });
    const end = this.clock.after(this.seconds * 1000, 'script ends', () => ended(this.end));
    return {
      kill: async () => {
        end.cancel();
        this.killed.push(command.commandId);
        return { exitCode: 137, stdout: 'half\n', stderr: '' };
      },
    };
  }
}

/** Run Command behind the door, for the real client. */
export class SsmDoor {
  public readonly door = new SdkDoor();
  public readonly ssm: Ssm;
  private client = new SSMClient();

  constructor(document: unknown, seed: string, latencies: Pick<Latencies, 'sample'>) {
    this.ssm = new Ssm({
      clock: this.door.clock,
      latencies,
      chance: new Chance(seed),
      accountId: ACCOUNT,
      region: REGION,
      documents: [new CommandDocument('sync', DOCUMENT_ARN, document)],
    });
  }

  public async open(): Promise<this> {
    await this.door.open(this.ssm.standIn);
    this.client = new SSMClient(this.door.settings);
    this.door.number(this.client.middlewareStack);
    return this;
  }

  public async send(input: Partial<SendCommandCommandInput> = {}) {
    const usual = { DocumentName: 'sync', Parameters: { RunId: ['nightly@1'] } };
    const { Command } = await this.door.answer(this.client.send(new SendCommandCommand({ ...usual, ...input })));
    if (!Command?.CommandId) throw new Error('no command');
    return { ...Command, CommandId: Command.CommandId };
  }

  public list(input: ListCommandsCommandInput = {}) {
    return this.door.answer(this.client.send(new ListCommandsCommand(input)));
  }

  public invocations(input: ListCommandInvocationsCommandInput) {
    return this.door.answer(this.client.send(new ListCommandInvocationsCommand({ Details: true, ...input })));
  }

  public cancel(CommandId: string, InstanceIds?: string[]) {
    return this.door.answer(this.client.send(new CancelCommandCommand({ CommandId, InstanceIds })));
  }

  public run(seconds: number): Promise<void> {
    return this.door.clock.run(seconds * 1000);
  }

  public async close(): Promise<void> {
    this.client.destroy();
    await this.door.close();
  }
}

/** With hosts 0, 1, 2, ... whose scripts are the test's say. */
export class SsmBench extends SsmDoor {
  public readonly nodes: ScriptedNode[];

  public static open(hosts: number, seed = 'bench', latencies: Record<string, number> = {}): Promise<SsmBench> {
    return new SsmBench(hosts, seed, latencies).open();
  }

  private constructor(hosts: number, seed: string, latencies: Record<string, number>) {
    super(DOCUMENT, seed, { sample: (purpose) => latencies[purpose] ?? 0 });
    const { clock } = this.door;
    this.nodes = Array.from({ length: hosts }, (_, index) => new ScriptedNode(nodeId(index), { System: 'one' }, clock));
    this.ssm.add(...this.nodes);
  }

  public get ids(): string[] {
    return this.nodes.map(({ id }) => id);
  }

  public node(index: number): ScriptedNode {
    const node = this.nodes[index];
    if (!node) throw new Error(`there is no host ${index}`);
    return node;
  }

  public override send(input: Partial<SendCommandCommandInput> = {}) {
    return super.send({ InstanceIds: this.ids, ...input });
  }

  /** `StatusDetails` of each host, by its number, spelt in one way. */
  public async details(CommandId: string): Promise<(string | undefined)[]> {
    const { CommandInvocations = [] } = await this.invocations({ CommandId });
    return this.ids.map((id) =>
      CommandInvocations.find((it) => it.InstanceId === id)?.StatusDetails?.replaceAll(' ', ''),
    );
  }
}
