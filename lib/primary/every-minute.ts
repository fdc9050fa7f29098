import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function';

/** The L2 target would put its role into the stack and allow every version of the function. */
export function everyMinute(
  tracker: Construct,
  bundled: BundledFunction,
  others: () => object[],
): scheduler.CfnSchedule {
  const role = new iam.Role(tracker, 'ScheduleRole', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(tracker).account } },
    }),
    description: 'Starts the primary tracker each minute',
  });
  role.addToPolicy(
    new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [bundled.function.functionArn] }),
  );
  const schedule = new scheduler.CfnSchedule(tracker, 'EveryMinute', {
    description: 'Starts the primary tracker each minute; an invocation polls until the next one takes over',
    scheduleExpression: 'rate(1 minute)',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: bundled.function.functionArn,
      roleArn: role.roleArn,
      input: Lazy.string({ produce: () => Stack.of(tracker).toJsonString(tick(others())) }),
      // A tick that could not be delivered is replaced by the next one.
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    },
  });
  schedule.node.addDependency(role);
  return schedule;
}

function tick(databases: object[]): object {
  return {
    kind: 'tick',
    scheduledAt: '<aws.scheduler.scheduled-time>',
    ...(databases.length > 0 && { databases }),
  };
}
