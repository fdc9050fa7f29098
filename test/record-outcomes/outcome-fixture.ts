/** What a host tells, and what SQS makes of it. */

export const HOST = 'i-0000000a';
export const PARTNER = 'mi-0000000000000000b';
export const RUN = 'prices@2026-01-05T09:00:00.000Z';
export const SENT = Date.UTC(2026, 0, 5, 12);

/** The line of host/sync-remote.sh, a sync from 09:00:05 to 09:01:10. */
export function line(change: object = {}): Record<string, unknown> {
  return {
    version: 1,
    remote: 'stores/one',
    run: RUN,
    result: 'synchronized',
    code: 0,
    role: 'primary',
    server: 'one_first',
    profile: 'prices',
    startedAt: '2026-01-05T09:00:05Z',
    seconds: 65,
    message: 'after 63 seconds',
    ...change,
  };
}

let messages = 0;

/** As Lambda hands it over (Lambda Developer Guide, "Using Lambda with Amazon SQS", "Example standard queue message event"). */
export function message(body: unknown, host = HOST, sentAt = SENT) {
  return {
    messageId: `m-${messages++}`,
    receiptHandle: 'AQEB',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(sentAt),
      SenderId: `AROAEXAMPLEEXAMPLE2:${host}`,
      ApproximateFirstReceiveTimestamp: String(sentAt + 20),
    },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:outcomes',
    awsRegion: 'eu-central-1',
  };
}
