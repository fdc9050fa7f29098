import { describe, expect, it } from 'vitest';
import { describeMappings, describeQueues } from '../../../rehearsal/world/queue-descriptions';
import { ACCOUNT, deployFolder, oneStack, REGION } from '../assembly/assembly-folder';

const PREFIX = `arn:aws:sqs:${REGION}:${ACCOUNT}`;

const deployed = (Resources: Record<string, { Type: string; Properties?: object }>) =>
  deployFolder(oneStack({ Resources }), { queueEndpoint: 'http://queues.example' });

const queueWith = (Properties: object) =>
  describeQueues(deployed({ Orders: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders', ...Properties } } }));

describe('a queue of a template', () => {
  it('has the defaults of SQS', () => {
    expect(queueWith({})).toEqual([
      {
        name: 'orders',
        arn: `${PREFIX}:orders`,
        url: `http://queues.example/${ACCOUNT}/orders`,
        delaySeconds: 0,
        visibilityTimeoutSeconds: 30,
        retentionSeconds: 345_600,
        maximumMessageBytes: 1_048_576,
        redrive: undefined,
        keyArn: undefined,
      },
    ]);
  });

  it('has what the template says', () => {
    const [described] = queueWith({
      DelaySeconds: 600,
      VisibilityTimeout: '120',
      MessageRetentionPeriod: 60,
      MaximumMessageSize: 1_024,
      RedrivePolicy: { deadLetterTargetArn: `${PREFIX}:dead`, maxReceiveCount: 3 },
    });
    expect(described).toMatchObject({
      delaySeconds: 600,
      visibilityTimeoutSeconds: 120,
      retentionSeconds: 60,
      maximumMessageBytes: 1_024,
      redrive: { deadLetterArn: `${PREFIX}:dead`, maxReceiveCount: 3 },
    });
  });

  it('has a key of its own by ARN, and none where it is one of AWS', () => {
    const queues = describeQueues(
      deployed({
        Key: { Type: 'AWS::KMS::Key' },
        Own: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: { Ref: 'Key' } } },
        Managed: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: 'alias/aws/sqs' } },
      }),
    );
    const key = expect.stringMatching(/^arn:aws:kms:.*:key\/[0-9a-f-]{36}$/);
    expect(queues.map(({ keyArn }) => keyArn).sort()).toEqual([key, undefined]);
  });

  it.each([
    { DelaySeconds: 901 },
    { VisibilityTimeout: 43_201 },
    { MessageRetentionPeriod: 59 },
    { MaximumMessageSize: 1_048_577 },
    { RedrivePolicy: { deadLetterTargetArn: `${PREFIX}:dead`, maxReceiveCount: 0 } },
  ])('that SQS would refuse is refused by its name: %j', (properties) => {
    expect(() => queueWith(properties)).toThrow(
      `Orders (AWS::SQS::Queue) cannot be rehearsed: ${Object.keys(properties)}`,
    );
  });

  it('that is FIFO is none of the rehearsal', () => {
    expect(queueWith({ QueueName: 'orders.fifo', FifoQueue: true })).toEqual([]);
  });
});

describe('a mapping of a template', () => {
  const mappingWith = (Properties: object) =>
    describeMappings(
      deployed({
        Worker: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'worker' } },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: `${PREFIX}:orders`, FunctionName: { Ref: 'Worker' }, ...Properties },
        },
      }),
    );
  const WORKER = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:worker`;

  it('has the defaults of Lambda', () => {
    expect(mappingWith({})).toEqual([
      {
        name: 'Stack/Mapping',
        queueArn: `${PREFIX}:orders`,
        functionArn: WORKER,
        batchSize: 10,
        windowMillis: 0,
        maximumConcurrency: undefined,
        reportsItemFailures: false,
      },
    ]);
  });

  it('has what the template says', () => {
    const [described] = mappingWith({
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 5,
      ScalingConfig: { MaximumConcurrency: 7 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    const expected = { batchSize: 100, windowMillis: 5_000, maximumConcurrency: 7, reportsItemFailures: true };
    expect(described).toMatchObject(expected);
  });

  it.each(['worker', 'worker:live', WORKER, `${WORKER}:live`])('names its function as %s', (FunctionName) => {
    expect(mappingWith({ FunctionName })).toMatchObject([{ functionArn: WORKER }]);
  });

  it('starts nothing when it is switched off', () => {
    expect(mappingWith({ Enabled: false })).toEqual([]);
  });

  it.each([
    [{ EventSourceArn: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/t/stream/1` }, 'only queues are polled here'],
    [{ FilterCriteria: { Filters: [] } }, 'filters are not rehearsed'],
    [{ FunctionName: 'nobody' }, 'there is no function nobody'],
  ])('that cannot be rehearsed is refused by name: %j', (properties, message) => {
    expect(() => mappingWith(properties)).toThrow(message);
    expect(() => mappingWith(properties)).toThrow('Mapping (AWS::Lambda::EventSourceMapping) cannot be rehearsed');
  });
});
