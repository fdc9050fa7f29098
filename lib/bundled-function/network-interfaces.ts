import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';

const DESCRIBE = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];
const CHANGE = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * What Lambda does by the function's role to connect it to a VPC. The describing actions know no resource; for the others Lambda wants
 * all resources of the account and Region (Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC").
 */
export function allowInterfaces(role: iam.Role): void {
  const ours = Stack.of(role).formatArn({ service: 'ec2', resource: '*', resourceName: '*' });
  role.addToPolicy(new iam.PolicyStatement({ actions: CHANGE, resources: [ours] }));
  role.addToPolicy(new iam.PolicyStatement({ actions: DESCRIBE, resources: ['*'] }));
  acknowledge(
    role,
    'AwsSolutions-IAM5',
    'Lambda itself makes the interfaces of a function in a VPC and demands these resources; the code of the function is denied the same calls.',
    () => [`Resource::${ours}`, 'Resource::*'],
  );
}

/**
 * The role is Lambda's and the code's; these calls are Lambda's alone (Lambda Developer Guide, "Using source function ARN to control
 * function access behavior"). A policy of its own, as the function waits for the role's and this one names the function.
 */
export function forbidInterfacesToCode(scope: Construct, role: iam.Role, code: lambda.Function): void {
  new iam.Policy(scope, 'NoInterfacesByCode', {
    roles: [role],
    statements: [
      new iam.PolicyStatement({
        effect: iam.Effect.DENY,
        actions: [...CHANGE, ...DESCRIBE].sort(),
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': code.functionArn } },
      }),
    ],
  });
}
