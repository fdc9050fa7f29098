import { CloudWatchLogsClient, GetLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { SDK_LIMITS } from '../door/sdk-limits';
import type { Ports } from './ports';

const MOST_LINES = 50;

/** CloudWatch Logs, as far as a task that has ended wrote into it. */
export class TaskLog {
  private readonly client = new CloudWatchLogsClient(SDK_LIMITS);

  public readonly last: Ports['log']['last'] = async (group, stream) => {
    try {
      const { events = [] } = await this.client.send(
        new GetLogEventsCommand({
          logGroupName: group,
          logStreamName: stream,
          limit: MOST_LINES,
          startFromHead: false,
        }),
      );
      return events.map(({ message = '' }) => message);
    } catch (error) {
      // A container that never ran has none.
      if (error instanceof ResourceNotFoundException) return [];
      throw error;
    }
  };
}
