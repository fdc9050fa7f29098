import * as client from '@aws-sdk/client-ssm';
import { type Call, type Operation, type Permission, ServiceError, type ServiceStandIn } from './service';
import { Command } from './ssm-command';
import type { CommandDocument } from './ssm-document';
import type { SsmWorld } from './ssm-invocation';
import { type Listed, page, renderCommand, renderInvocation, type Spelling } from './ssm-listing';
import type { ManagedNode } from './ssm-node';
import { RequestQuota, type RequestRate } from './ssm-quota';
import {
  cancelCommand,
  listCommandInvocations,
  listCommands,
  readRequest,
  type SendCommandInput,
  sendCommand,
} from './ssm-request';

export interface SsmOptions extends SsmWorld {
  readonly accountId: string;
  readonly region: string;
  readonly documents: readonly CommandDocument[];
}

type OperationName = 'SendCommand' | 'ListCommands' | 'ListCommandInvocations' | 'CancelCommand';

const OPERATIONS: readonly OperationName[] = ['SendCommand', 'ListCommands', 'ListCommandInvocations', 'CancelCommand'];

/** Run Command of Systems Manager, for hosts that are given to it. */
export class Ssm {
  public readonly standIn: ServiceStandIn;
  public readonly commands: Command[] = [];
  /** Invocations that an account may have waiting or at work; above that a command is cancelled at once, as `Rate Exceeded`. @default - as many as there are */
  public pendingQuota = Number.POSITIVE_INFINITY;
  private readonly nodes = new Map<string, ManagedNode>();
  private readonly quotas = new Map<string, RequestQuota>();
  /** What the documents leave open is drawn by the seed, once for each rehearsal. */
  private readonly spelling: Spelling;
  private readonly namesInvalidInstances: boolean;

  constructor(private readonly options: SsmOptions) {
    const { chance } = options;
    this.spelling = chance.fork('spelling').next() < 0.5 ? 'joined' : 'spaced';
    this.namesInvalidInstances = chance.fork('invalid instances').next() < 0.5;
    this.standIn = {
      kind: 'by-schema',
      signingName: 'ssm',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        SendCommand: this.operation(
          'SendCommand',
          (call) => this.send(call),
          (call) => this.sendPermissions(call),
        ),
        ListCommands: this.operation('ListCommands', (call) => this.list(call)),
        ListCommandInvocations: this.operation('ListCommandInvocations', (call) => this.listInvocations(call)),
        CancelCommand: this.operation('CancelCommand', (call) => this.cancel(call)),
      },
    };
  }

  /** Whether its agent is heard of; undefined for a host that Systems Manager does not know. */
  public pingOf(id: string): 'Online' | 'ConnectionLost' | undefined {
    const node = this.nodes.get(id);
    if (!node?.registered) return undefined;
    return node.online ? 'Online' : 'ConnectionLost';
  }

  public add(...nodes: ManagedNode[]): void {
    for (const node of nodes) this.nodes.set(node.id, node);
  }

  /** From now on the account may make so many requests of each kind, and no more. */
  public limit(rate: RequestRate, operations: readonly OperationName[] = OPERATIONS): void {
    for (const name of operations) this.quotas.set(name, new RequestQuota(rate, this.options.clock));
  }

  public unlimit(): void {
    this.quotas.clear();
  }

  /** What is refused for its form is refused before IAM is asked, and what IAM refuses costs no request of the quota. */
  private operation(
    name: OperationName,
    answer: Operation['answer'],
    permissions: Operation['permissions'] = () => [{ action: `ssm:${name}`, resource: '*' }],
  ): Operation {
    return {
      permissions,
      answer: (call) => {
        this.quotas.get(name)?.spend();
        return answer(call);
      },
    };
  }

  /** IAM is asked for the document and for each host, with the tags that the host really has. */
  private sendPermissions(call: Call): Permission[] {
    const { DocumentName, InstanceIds } = readRequest(sendCommand, call.input);
    const action = 'ssm:SendCommand';
    const { accountId, region } = this.options;
    const partition = call.caller.roleArn.split(':')[1] ?? 'aws';
    // AWS's own documents belong to no account.
    const owner = DocumentName.startsWith('AWS-') ? '' : accountId;
    const document = DocumentName.startsWith('arn:')
      ? DocumentName
      : `arn:${partition}:ssm:${region}:${owner}:document/${DocumentName}`;
    const hosts = InstanceIds.map((id) => {
      const [service, kind] = id.startsWith('mi-') ? ['ssm', 'managed-instance'] : ['ec2', 'instance'];
      const resource = `arn:${partition}:${service}:${region}:${accountId}:${kind}/${id}`;
      return { action, resource, context: tagContext(this.nodes.get(id)?.tags ?? {}) };
    });
    return [{ action, resource: document }, ...hosts];
  }

  private send(call: Call): Record<string, unknown> {
    const input = readRequest(sendCommand, call.input);
    const document = this.options.documents.find((it) => [it.name, it.arn].includes(input.DocumentName));
    if (!document)
      throw new ServiceError('InvalidDocument', `Document with name ${input.DocumentName} does not exist.`);
    const nodes = this.targets(input);
    document.script(input.Parameters);
    const { chance, clock, latencies } = this.options;
    const open = this.commands.reduce((sum, it) => sum + it.invocations.filter(({ isOpen }) => isOpen).length, 0);
    const id = commandId(chance.fork(`command ${this.commands.length}`));
    const visibleAt = clock.now() + latencies.sample('ssm-listing');
    const isRefused = open + nodes.length > this.pendingQuota;
    const command = new Command(id, document, input, nodes, visibleAt, isRefused, {
      clock,
      latencies,
      chance: chance.fork(id),
    });
    this.commands.push(command);
    return { Command: renderCommand(command, this.spelling) };
  }

  private targets({ InstanceIds }: SendCommandInput): ManagedNode[] {
    if (InstanceIds.length === 0) throw new ServiceError('ValidationException', 'InstanceIds or Targets are required');
    if (new Set(InstanceIds).size < InstanceIds.length) throw new ServiceError('DuplicateInstanceId', '');
    const invalid = InstanceIds.filter((id) => !this.nodes.get(id)?.registered);
    if (invalid.length > 0) {
      // Seen with the ids, and without any.
      const named = this.namesInvalidInstances ? ` [[${invalid.join(', ')}]]` : '';
      const message = `Instances${named} not in a valid state for account ${this.options.accountId}`;
      throw new ServiceError('InvalidInstanceId', message);
    }
    return InstanceIds.map((id) => this.nodes.get(id)).filter((it) => it !== undefined);
  }

  private list(call: Call): Record<string, unknown> {
    const input = readRequest(listCommands, call.input);
    const { items, nextToken } = page(
      this.visible(input).map((command) => ({ ...listed(command, command.id), command })),
      input,
    );
    return { Commands: items.map(({ command }) => renderCommand(command, this.spelling)), NextToken: nextToken };
  }

  private listInvocations(call: Call): Record<string, unknown> {
    const input = readRequest(listCommandInvocations, call.input);
    if (input.Filters?.some(({ key }) => key === 'ExecutionStage')) throw new ServiceError('InvalidFilterKey', '');
    const all = this.visible(input).flatMap((command) =>
      command.invocations
        .filter(({ node }) => input.InstanceId === undefined || node.id === input.InstanceId)
        .map((it) => ({ ...listed(command, `${command.id}/${it.node.id}`, it), command, it })),
    );
    const { items, nextToken } = page(all, input);
    const CommandInvocations = items.map(({ command, it }) =>
      renderInvocation(command, it, input.Details, this.spelling),
    );
    return { CommandInvocations, NextToken: nextToken };
  }

  private cancel(call: Call): Record<string, unknown> {
    const { CommandId, InstanceIds } = readRequest(cancelCommand, call.input);
    const command = this.commands.find(({ id }) => id === CommandId);
    if (!command) throw new ServiceError('InvalidCommandId', '');
    if (InstanceIds?.some((id) => !command.nodes.some((node) => node.id === id))) {
      throw new ServiceError('InvalidInstanceId', '');
    }
    command.cancel(InstanceIds);
    return {};
  }

  /** Listings are behind the truth: a young command is in none of them. */
  private visible(input: { CommandId?: string; InstanceId?: string }): Command[] {
    return this.commands
      .filter(({ visibleAt }) => visibleAt <= this.options.clock.now())
      .filter(({ id }) => input.CommandId === undefined || id === input.CommandId)
      .filter(({ nodes }) => input.InstanceId === undefined || nodes.some(({ id }) => id === input.InstanceId));
  }
}

function listed(
  command: Command,
  key: string,
  { detail, isOpen }: Pick<Listed, 'detail' | 'isOpen'> = command,
): Listed {
  return { key, requestedAt: command.requestedAt, documentName: command.document.name, detail, isOpen };
}

/** Systems Manager sets its own key, and the global one beside it (Service Authorization Reference). */
function tagContext(tags: Readonly<Record<string, string>>): Record<string, string> {
  const of = (prefix: string) => Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]);
  return Object.fromEntries([...of('ssm:resourceTag'), ...of('aws:ResourceTag')]);
}

function commandId(chance: { between(lowest: number, highest: number): number }): string {
  const digits = (length: number) => Array.from({ length }, () => chance.between(0, 15).toString(16)).join('');
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`;
}
