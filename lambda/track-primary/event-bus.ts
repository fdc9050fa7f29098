import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { inTurn } from './calls-at-once';
import type { Announcement, Announcer } from './ports';
import { SDK_LIMITS } from './sdk-limits';

/** Source of every event of this package. */
export const EVENT_SOURCE = 'mobilink-ha';

/** Tells everyone by EventBridge. */
export class EventBus implements Announcer {
  private readonly client = new EventBridgeClient(SDK_LIMITS);

  constructor(private readonly name: string) {
    inTurn(this.client.middlewareStack);
  }

  public async announce(event: Announcement, abortSignal: AbortSignal): Promise<void> {
    const { FailedEntryCount, Entries } = await this.client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: this.name,
            Source: EVENT_SOURCE,
            DetailType: event.detailType,
            Detail: JSON.stringify(event.detail),
          },
        ],
      }),
      { abortSignal },
    );
    if (FailedEntryCount) {
      const [entry] = Entries ?? [];
      throw new Error(`EventBridge refused '${event.detailType}': ${entry?.ErrorCode} ${entry?.ErrorMessage}`);
    }
  }
}
