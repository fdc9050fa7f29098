import * as client from '@aws-sdk/client-cloudwatch-logs';
import { ServiceError, type ServiceStandIn } from './service';

export interface LogEventsWorld {
  now(): number;
  readonly accountId: string;
  readonly region: string;
  /** Undefined of a stream that is not there. */
  lines(group: string, stream: string): readonly string[] | undefined;
}

/** CloudWatch Logs for those who read the end of a stream. */
export class LogEvents {
  public readonly standIn: ServiceStandIn;

  constructor(world: LogEventsWorld) {
    const { accountId, region } = world;
    this.standIn = {
      kind: 'by-schema',
      signingName: 'logs',
      client,
      protocol: 'aws-json-1.1',
      operations: {
        GetLogEvents: {
          permissions: ({ input }) => [
            {
              action: 'logs:GetLogEvents',
              resource: `arn:aws:logs:${region}:${accountId}:log-group:${input.logGroupName}:log-stream:${input.logStreamName}`,
            },
          ],
          answer: ({ input }) => {
            const lines = world.lines(String(input.logGroupName), String(input.logStreamName));
            if (!lines) throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
            const timestamp = world.now();
            // From the start the first page, else the last one; its lines come in their order either way.
            const limit = Number(input.limit ?? 10_000);
            const page = input.startFromHead === true ? lines.slice(0, limit) : lines.slice(-limit);
            return { events: page.map((message) => ({ timestamp, message, ingestionTime: timestamp })) };
          },
        },
      },
    };
  }
}
