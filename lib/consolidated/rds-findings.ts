import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';

/**
 * RDS names the log groups after the database, so CloudFormation cannot own them: they may exist before it gets there. The log retention
 * function of aws-cdk-lib, one a stack, is the way of its constructs for RDS; what it needs is its own.
 */
export function acknowledgeLogRetention(owner: IConstruct): void {
  const retention = Stack.of(owner).node.children.find((child) => child.node.id.startsWith('LogRetention'));
  if (!retention) return;
  acknowledge(
    retention,
    'AwsSolutions-IAM4',
    'The log retention function of aws-cdk-lib: it writes its own log.',
    () => ['Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
  );
  acknowledge(
    retention,
    'AwsSolutions-IAM5',
    'The log retention function of aws-cdk-lib: log groups by any name.',
    () => ['Resource::*'],
  );
}

/** Of the logins that the servers and the administrator use. */
export function acknowledgeRotation(secret: IConstruct): void {
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'Rotation restarts every MobiLink server, so the farm has it (loginRotation) and the secret does not; see docs/rotation.md.',
  );
}
