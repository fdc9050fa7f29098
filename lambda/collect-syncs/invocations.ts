import {
  ListCommandInvocationsCommand,
  type ListCommandInvocationsCommandOutput,
  ListCommandsCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { SDK_LIMITS } from '../door/sdk-limits';
import { isThrottle } from '../records/throttle';
import type { Invocation } from './host-view';
import type { Invocations } from './ports';

/** What Systems Manager knows of the commands; one call tells of all hosts of a command. */
export class CommandInvocations implements Invocations {
  private readonly client = new SSMClient(SDK_LIMITS);

  public async list(commandId: string): Promise<Invocation[] | undefined> {
    const found: Invocation[] = [];
    let next: string | undefined;
    do {
      const page: ListCommandInvocationsCommandOutput | undefined = await unlessThrottled(() =>
        this.client.send(
          new ListCommandInvocationsCommand({ CommandId: commandId, Details: true, MaxResults: 50, NextToken: next }),
        ),
      );
      if (!page) return undefined;
      for (const it of page.CommandInvocations ?? []) {
        const plugin = it.CommandPlugins?.[0];
        found.push({
          host: it.InstanceId ?? '',
          status: it.Status ?? '',
          statusDetails: it.StatusDetails ?? '',
          requestedAt: it.RequestedDateTime?.getTime(),
          startedAt: plugin?.ResponseStartDateTime?.getTime(),
          responseCode: plugin?.ResponseCode,
          output: plugin?.Output,
        });
      }
      next = page.NextToken;
    } while (next);
    return found;
  }

  public async status(commandId: string): Promise<string | undefined> {
    const page = await unlessThrottled(() => this.client.send(new ListCommandsCommand({ CommandId: commandId })));
    const [command] = page?.Commands ?? [];
    return command?.StatusDetails ?? command?.Status;
  }
}

async function unlessThrottled<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isThrottle(error)) return undefined;
    throw error;
  }
}
