import * as v from 'valibot';
import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { MappingDescription } from '../cloud/event-source-checks';
import type { QueueDescription } from '../cloud/sqs-queue';
import { read } from './descriptions';

const text = v.string();
const number = v.pipe(v.union([v.number(), v.string()]), v.transform(Number));
const flag = v.pipe(
  v.union([v.boolean(), text]),
  v.transform((it) => String(it) === 'true'),
);
const within = (lowest: number, highest: number, preset: number) =>
  v.optional(v.pipe(number, v.integer(), v.minValue(lowest), v.maxValue(highest)), preset);

/** Bounds and defaults of CloudFormation's AWS::SQS::Queue. */
const queue = v.object({
  DelaySeconds: within(0, 900, 0),
  VisibilityTimeout: within(0, 43_200, 30),
  MessageRetentionPeriod: within(60, 1_209_600, 345_600),
  MaximumMessageSize: within(1_024, 1_048_576, 1_048_576),
  KmsMasterKeyId: v.optional(text),
  RedrivePolicy: v.optional(
    v.object({
      deadLetterTargetArn: text,
      maxReceiveCount: v.pipe(number, v.integer(), v.minValue(1), v.maxValue(1_000)),
    }),
  ),
});

/** The standard queues; a FIFO queue is no part of any flow here, and is not there when somebody calls it. */
export function describeQueues(deployment: Deployment): QueueDescription[] {
  return deployment
    .ofType('AWS::SQS::Queue')
    .filter(({ properties }) => String(properties.FifoQueue) !== 'true')
    .map((it) => {
      const { RedrivePolicy, KmsMasterKeyId, ...properties } = read(it, queue);
      // The key of AWS asks for no permission of ours.
      const ownKey = KmsMasterKeyId?.startsWith('alias/aws/') ? undefined : KmsMasterKeyId;
      return {
        name: String(it.attributes.QueueName),
        arn: it.arn ?? '',
        url: it.physicalId,
        delaySeconds: properties.DelaySeconds,
        visibilityTimeoutSeconds: properties.VisibilityTimeout,
        retentionSeconds: properties.MessageRetentionPeriod,
        maximumMessageBytes: properties.MaximumMessageSize,
        redrive: RedrivePolicy && {
          deadLetterArn: RedrivePolicy.deadLetterTargetArn,
          maxReceiveCount: RedrivePolicy.maxReceiveCount,
        },
        keyArn: ownKey && (deployment.find(ownKey)?.arn ?? ownKey),
      };
    });
}

const mapping = v.object({
  EventSourceArn: v.pipe(text, v.regex(/^arn:[^:]+:sqs:/, 'only queues are polled here')),
  FunctionName: text,
  Enabled: v.optional(flag, true),
  BatchSize: v.optional(number, 10),
  MaximumBatchingWindowInSeconds: v.optional(number, 0),
  FunctionResponseTypes: v.optional(v.array(v.literal('ReportBatchItemFailures')), []),
  ScalingConfig: v.optional(v.object({ MaximumConcurrency: v.optional(number) }), {}),
  FilterCriteria: v.optional(v.never('filters are not rehearsed')),
});

/** The mappings that poll; one that is switched off starts nothing. */
export function describeMappings(deployment: Deployment): MappingDescription[] {
  return deployment
    .ofType('AWS::Lambda::EventSourceMapping')
    .map((it) => ({ it, properties: read(it, mapping) }))
    .filter(({ properties }) => properties.Enabled)
    .map(({ it, properties }) => ({
      name: it.path,
      queueArn: properties.EventSourceArn,
      functionArn: functionOf(deployment, it, properties.FunctionName),
      batchSize: properties.BatchSize,
      windowMillis: properties.MaximumBatchingWindowInSeconds * 1000,
      maximumConcurrency: properties.ScalingConfig.MaximumConcurrency,
      reportsItemFailures: properties.FunctionResponseTypes.length > 0,
    }));
}

/** By name, ARN, or either with a version or an alias. */
function functionOf(deployment: Deployment, mapped: DeployedResource, given: string): string {
  const unqualified = given.startsWith('arn:') ? given.split(':').slice(0, 7).join(':') : given.split(':')[0];
  const found = deployment.find(unqualified ?? given);
  if (found?.type !== 'AWS::Lambda::Function') {
    throw new Error(`${mapped.path} (${mapped.type}) cannot be rehearsed: there is no function ${given}`);
  }
  return found.arn ?? '';
}
