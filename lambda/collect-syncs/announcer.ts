import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { RunFinished } from './ports';

/** Tells whoever listens that a run has finished. */
export class Announcer {
  private readonly client = new EventBridgeClient(SDK_LIMITS);

  constructor(private readonly bus: string) {}

  public async announce(detail: RunFinished): Promise<void> {
    const { FailedEntryCount, Entries } = await this.client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: this.bus,
            Source: 'mobilink-ha',
            DetailType: 'MobiLink Sync Run Finished',
            Detail: JSON.stringify(detail),
          },
        ],
      }),
    );
    if (FailedEntryCount) throw new Error(`EventBridge did not take the event: ${JSON.stringify(Entries)}`);
  }
}
