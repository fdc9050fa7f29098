import {
  ListCommandsCommand,
  type ListCommandsCommandOutput,
  SendCommandCommand,
  SSMClient,
  SSMServiceException,
} from '@aws-sdk/client-ssm';
import type { Command } from '../records/sync-messages';
import { isThrottle } from '../records/throttle';
import type { CommandRequest, Commands, SendResult } from './ports';
import { ASKED_ONCE, SDK_LIMITS } from './sdk-limits';

/** Systems Manager Run Command, with the project's own document and no other. */
export class RunCommand implements Commands {
  private readonly sender = new SSMClient(ASKED_ONCE);
  private readonly reader = new SSMClient(SDK_LIMITS);

  constructor(
    private readonly document: string,
    public readonly deliveryTimeoutSeconds: number,
  ) {}

  public async send(request: CommandRequest): Promise<SendResult> {
    try {
      const { Command } = await this.sender.send(
        new SendCommandCommand({
          DocumentName: this.document,
          // Whether an update makes the new version the default one is in doubt (cloudformation-coverage-roadmap #2539).
          DocumentVersion: '$LATEST',
          InstanceIds: request.hosts,
          Parameters: {
            RunId: [request.runId],
            ...(request.profile === undefined ? {} : { Profile: [request.profile] }),
            ExecutionTimeout: [String(request.timeLimitSeconds)],
          },
          TimeoutSeconds: request.deliverySeconds,
          Comment: request.comment,
          // The default lets 50 start one by one at first; the default of the errors, 0, ends the command at the first mirror.
          MaxConcurrency: '100%',
          MaxErrors: '100%',
        }),
      );
      if (!Command?.CommandId) return { kind: 'unknown', reason: 'the answer names no command' };
      return { kind: 'sent', commandId: Command.CommandId };
    } catch (error) {
      return resultOf(error, request.hosts);
    }
  }

  public async find(comment: string, from: number, to: number): Promise<Command[] | undefined> {
    const found: Command[] = [];
    let next: string | undefined;
    do {
      let page: ListCommandsCommandOutput;
      try {
        page = await this.reader.send(
          new ListCommandsCommand({
            Filters: [
              { key: 'DocumentName', value: this.document },
              { key: 'InvokedAfter', value: toSecond(from) },
              { key: 'InvokedBefore', value: toSecond(to) },
            ],
            MaxResults: 50,
            NextToken: next,
          }),
        );
      } catch (error) {
        if (isThrottle(error)) return undefined;
        throw error;
      }
      for (const { CommandId, Comment, InstanceIds = [] } of page.Commands ?? []) {
        if (Comment === comment && CommandId !== undefined) found.push({ commandId: CommandId, hosts: InstanceIds });
      }
      next = page.NextToken;
    } while (next);
    return found;
  }
}

/** SSM API Reference, CommandFilter: `2021-07-07T00:00:00Z`. */
function toSecond(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}

/** Which answers say that nothing was sent, and which leave it open. */
export function resultOf(error: unknown, hosts: readonly string[]): SendResult {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (isThrottle(error)) return { kind: 'throttled' };
  if (!(error instanceof SSMServiceException) || (error.$metadata.httpStatusCode ?? 500) >= 500) {
    return { kind: 'unknown', reason };
  }
  if (error.name === 'InvalidInstanceId') return { kind: 'refused', hosts: namedIn(error.message, hosts), reason };
  // A refusal that names the document is about all hosts: leaving some out does not help.
  if (error.name === 'AccessDeniedException' && /\b(managed-)?instance\//.test(error.message)) {
    return { kind: 'refused', hosts: namedIn(error.message, hosts), reason };
  }
  throw error;
}

function namedIn(message: string, hosts: readonly string[]): string[] {
  const words = new Set(message.match(/\b(?:i|mi)-[0-9a-f]+\b/g));
  return hosts.filter((host) => words.has(host));
}
