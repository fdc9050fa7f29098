import { SendMessageBatchCommand, SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { CollectMessage, DispatchMessage } from './sync-messages';

/** SQS Developer Guide, "SendMessageBatch": ten messages a call. */
const MOST = 10;

/** The two queues of the syncs, as their senders see them. */
export class SyncQueues {
  private readonly client: SQSClient;

  constructor(
    private readonly dispatchUrl: string,
    private readonly collectUrl: string,
    limits: SQSClientConfig,
  ) {
    this.client = new SQSClient(limits);
  }

  public async dispatch(messages: readonly DispatchMessage[], delaySeconds: number): Promise<void> {
    for (let from = 0; from < messages.length; from += MOST) {
      const part = messages.slice(from, from + MOST);
      const { Failed = [] } = await this.client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.dispatchUrl,
          Entries: part.map((message, index) => ({
            Id: String(index),
            MessageBody: JSON.stringify(message),
            DelaySeconds: delaySeconds,
          })),
        }),
      );
      const [failed] = Failed;
      if (failed) throw new Error(`${Failed.length} orders were not taken: ${failed.Code}: ${failed.Message}`);
    }
  }

  public async collect(message: CollectMessage, delaySeconds: number): Promise<void> {
    await this.client.send(
      new SendMessageCommand({
        QueueUrl: this.collectUrl,
        MessageBody: JSON.stringify(message),
        DelaySeconds: delaySeconds,
      }),
    );
  }
}
