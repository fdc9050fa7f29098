import * as v from 'valibot';
import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { TableDescription } from '../cloud/dynamodb';
import type { EcsService, TaskDefinition } from '../cloud/ecs';
import type { RuleDescription } from '../cloud/event-bus-targets';
import { DEFAULT_RETRY, type RetryPolicy } from '../cloud/event-bus-targets';
import { DEFAULT_ASYNC_INVOKE, type ServedFunction } from '../cloud/lambda-service';
import type { ZoneDescription } from '../cloud/route53';
import type { ScheduleDescription } from '../cloud/scheduler';
import { CommandDocument } from '../cloud/ssm-document';
import { readEventPattern } from '../events/event-pattern';

/** Reads what the stand-ins need out of the resources of a deployment; what a rehearsal cannot do is refused by name. */

const text = v.string();
const number = v.pipe(v.union([v.number(), v.string()]), v.transform(Number));

/** The properties of a resource by a schema; throws an error that says which of them cannot be rehearsed. */
export function read<Schema extends v.GenericSchema>(
  resource: DeployedResource,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, resource.properties);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'properties'}: ${issue.message}`);
  throw new Error(`${resource.path} (${resource.type}) cannot be rehearsed: ${problems.join('; ')}`);
}

const lambdaFunction = v.object({
  Handler: text,
  Runtime: v.pipe(text, v.startsWith('nodejs', 'only Node functions are run')),
  Role: text,
  Timeout: v.optional(number, 3),
  MemorySize: v.optional(number, 128),
  Environment: v.optional(v.object({ Variables: v.optional(v.record(text, text), {}) }), {}),
  LoggingConfig: v.optional(v.object({ LogGroup: v.optional(text) }), {}),
  ReservedConcurrentExecutions: v.optional(number),
  DeadLetterConfig: v.optional(v.object({ TargetArn: v.optional(text) }), {}),
  VpcConfig: v.optional(
    v.object({ SecurityGroupIds: v.optional(v.array(text), []), SubnetIds: v.optional(v.array(text), []) }),
  ),
});

const destination = v.optional(v.object({ Destination: text }));

/** The functions that events or schedules can start. The others (those of custom resources) run only at deployment. */
export function describeFunctions(deployment: Deployment, started: Set<string>): ServedFunction[] {
  const configs = deployment.ofType('AWS::Lambda::EventInvokeConfig').map((it) =>
    read(
      it,
      v.object({
        FunctionName: text,
        MaximumRetryAttempts: v.optional(number, DEFAULT_ASYNC_INVOKE.maximumRetryAttempts),
        MaximumEventAgeInSeconds: v.optional(number, DEFAULT_ASYNC_INVOKE.maximumEventAgeMillis / 1000),
        DestinationConfig: v.optional(v.object({ OnSuccess: destination, OnFailure: destination }), {}),
      }),
    ),
  );
  return deployment
    .ofType('AWS::Lambda::Function')
    .filter((it) => started.has(it.arn ?? ''))
    .map((it) => {
      const properties = read(it, lambdaFunction);
      const code = deployment.codeOf(it);
      if (code.kind !== 'folder')
        throw new Error(`${it.path}: code in the template cannot be rehearsed, only a bundle`);
      const config = configs.find(({ FunctionName }) => FunctionName === it.physicalId || FunctionName === it.arn);
      const logGroup = properties.LoggingConfig.LogGroup ?? `/aws/lambda/${it.physicalId}`;
      return {
        reservedConcurrency: properties.ReservedConcurrentExecutions,
        destinations: {
          onSuccess: config?.DestinationConfig.OnSuccess?.Destination,
          onFailure: config?.DestinationConfig.OnFailure?.Destination,
          deadLetter: properties.DeadLetterConfig.TargetArn,
        },
        logGroupArn: deployment.find(logGroup)?.arn,
        asyncInvoke: config
          ? {
              maximumRetryAttempts: config.MaximumRetryAttempts,
              maximumEventAgeMillis: config.MaximumEventAgeInSeconds * 1000,
            }
          : DEFAULT_ASYNC_INVOKE,
        description: {
          name: it.physicalId,
          arn: it.arn ?? '',
          roleArn: properties.Role,
          assetFolder: code.folder,
          handler: properties.Handler,
          timeoutMillis: properties.Timeout * 1000,
          memoryMiB: properties.MemorySize,
          environment: properties.Environment.Variables ?? {},
          logGroup,
          network: properties.VpcConfig && {
            securityGroupIds: properties.VpcConfig.SecurityGroupIds,
            subnetIds: properties.VpcConfig.SubnetIds,
          },
        },
      };
    });
}

/** How often and for how long a delivery is tried again; what the template leaves open is the service's own default. */
const retryPolicy = v.optional(
  v.pipe(
    v.object({
      MaximumRetryAttempts: v.optional(number, DEFAULT_RETRY.maximumRetryAttempts),
      MaximumEventAgeInSeconds: v.optional(number, DEFAULT_RETRY.maximumEventAgeMillis / 1000),
    }),
    v.transform(
      ({ MaximumRetryAttempts, MaximumEventAgeInSeconds }): RetryPolicy => ({
        maximumRetryAttempts: MaximumRetryAttempts,
        maximumEventAgeMillis: MaximumEventAgeInSeconds * 1000,
      }),
    ),
  ),
);

const deadLetterConfig = v.optional(v.object({ Arn: v.optional(text) }), {});
const moment = v.optional(v.pipe(text, v.transform(Date.parse)));

export function describeTables(deployment: Deployment): TableDescription[] {
  const schema = v.object({
    KeySchema: v.array(v.object({ AttributeName: text, KeyType: text })),
    AttributeDefinitions: v.array(v.object({ AttributeName: text, AttributeType: text })),
    GlobalSecondaryIndexes: v.optional(v.array(v.record(text, v.unknown()))),
    LocalSecondaryIndexes: v.optional(v.array(v.record(text, v.unknown()))),
    SSESpecification: v.optional(v.object({ KMSMasterKeyId: v.optional(text) }), {}),
  });
  return deployment.ofType('AWS::DynamoDB::Table').map((it) => {
    const { KeySchema, AttributeDefinitions, SSESpecification, ...indexes } = read(it, schema);
    const key = SSESpecification.KMSMasterKeyId;
    return {
      name: it.physicalId,
      arn: it.arn ?? '',
      keySchema: KeySchema,
      attributeDefinitions: AttributeDefinitions,
      keyArn: key === undefined ? undefined : (deployment.find(key)?.arn ?? key),
      globalSecondaryIndexes: indexes.GlobalSecondaryIndexes,
      localSecondaryIndexes: indexes.LocalSecondaryIndexes,
    };
  });
}

export function describeRules(deployment: Deployment): RuleDescription[] {
  const schema = v.object({
    EventPattern: v.optional(v.unknown()),
    State: v.optional(text, 'ENABLED'),
    ScheduleExpression: v.optional(text),
    EventBusName: v.optional(text),
    Targets: v.optional(
      v.array(
        v.object({
          Id: text,
          Arn: text,
          RetryPolicy: retryPolicy,
          DeadLetterConfig: deadLetterConfig,
          Input: v.optional(text),
          InputPath: v.optional(text),
          InputTransformer: v.optional(
            v.object({ InputPathsMap: v.optional(v.record(text, text)), InputTemplate: text }),
          ),
        }),
      ),
      [],
    ),
  });
  return deployment.ofType('AWS::Events::Rule').map((it) => {
    const { EventPattern, State, Targets, EventBusName, ScheduleExpression } = read(it, schema);
    return {
      name: it.physicalId,
      arn: it.arn ?? '',
      matches: EventPattern === undefined ? undefined : readEventPattern(EventPattern),
      enabled: State === 'ENABLED',
      busName: EventBusName?.split('/').at(-1),
      scheduleExpression: ScheduleExpression,
      targets: Targets.map(({ Id, Arn, RetryPolicy, DeadLetterConfig, ...input }) => ({
        id: Id,
        arn: Arn,
        input,
        retryPolicy: RetryPolicy,
        deadLetterArn: DeadLetterConfig.Arn,
      })),
    };
  });
}

export function describeSchedules(deployment: Deployment): ScheduleDescription[] {
  const schema = v.object({
    ScheduleExpression: text,
    ScheduleExpressionTimezone: v.optional(text, 'UTC'),
    State: v.optional(text, 'ENABLED'),
    FlexibleTimeWindow: v.object({ Mode: text, MaximumWindowInMinutes: v.optional(number, 0) }),
    StartDate: moment,
    EndDate: moment,
    Target: v.object({
      Arn: text,
      RoleArn: text,
      Input: v.optional(text, '{}'),
      RetryPolicy: retryPolicy,
      DeadLetterConfig: deadLetterConfig,
    }),
  });
  return deployment.ofType('AWS::Scheduler::Schedule').map((it) => {
    const properties = read(it, schema);
    const { ScheduleExpression, ScheduleExpressionTimezone, State, FlexibleTimeWindow, Target } = properties;
    return {
      name: it.physicalId,
      arn: it.arn ?? '',
      expression: ScheduleExpression,
      timezone: ScheduleExpressionTimezone,
      enabled: State === 'ENABLED',
      windowMinutes: FlexibleTimeWindow.Mode === 'FLEXIBLE' ? FlexibleTimeWindow.MaximumWindowInMinutes : 0,
      targetArn: Target.Arn,
      roleArn: Target.RoleArn,
      input: Target.Input,
      retryPolicy: Target.RetryPolicy,
      deadLetterArn: Target.DeadLetterConfig.Arn,
      startsAt: properties.StartDate,
      endsAt: properties.EndDate,
    };
  });
}

/** The hosted zones; a zone without VPCs is a public one, which no rehearsal asks for names. */
export function describeZones(deployment: Deployment): ZoneDescription[] {
  const schema = v.object({ Name: text, VPCs: v.optional(v.array(v.object({ VPCId: text })), []) });
  return deployment.ofType('AWS::Route53::HostedZone').map((it) => {
    const { Name, VPCs } = read(it, schema);
    return { id: it.physicalId, arn: it.arn ?? '', name: Name, vpcIds: VPCs.map(({ VPCId }) => VPCId) };
  });
}

/** The documents of Systems Manager that a function is told of; others are never sent. */
export function describeDocuments(deployment: Deployment, functions: readonly ServedFunction[]): CommandDocument[] {
  const told = new Set(functions.flatMap(({ description }) => Object.values(description.environment)));
  return deployment
    .ofType('AWS::SSM::Document')
    .filter(({ physicalId }) => told.has(physicalId))
    .map(({ physicalId, arn, properties }) => new CommandDocument(physicalId, arn ?? '', properties.Content));
}

const container = v.object({
  Name: text,
  Command: v.optional(v.array(text), []),
  LogConfiguration: v.object({
    Options: v.object({ 'awslogs-group': text, 'awslogs-stream-prefix': text }),
  }),
});

/** The tasks that can be run. */
export function describeTaskDefinitions(deployment: Deployment): TaskDefinition[] {
  return deployment.ofType('AWS::ECS::TaskDefinition').map((it) => {
    const { TaskRoleArn, ExecutionRoleArn, ContainerDefinitions } = read(
      it,
      v.object({ TaskRoleArn: text, ExecutionRoleArn: text, ContainerDefinitions: v.tuple([container]) }),
    );
    const [{ Name, Command, LogConfiguration }] = ContainerDefinitions;
    return {
      arn: it.physicalId,
      roleArns: [TaskRoleArn, ExecutionRoleArn],
      container: Name,
      command: Command.join(' '),
      logGroup: LogConfiguration.Options['awslogs-group'],
      logStreamPrefix: LogConfiguration.Options['awslogs-stream-prefix'],
    };
  });
}

/** The services of ECS, by ARN and by name. */
export function describeServices(deployment: Deployment): EcsService[] {
  return deployment
    .ofType('AWS::ECS::Service')
    .map(({ physicalId: arn }) => ({ arn, name: arn.split('/').at(-1) ?? arn }));
}
