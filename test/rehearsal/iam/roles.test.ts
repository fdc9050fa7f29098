import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { describe, expect, test } from 'vitest';
import { type Deployment, deploy } from '../../../rehearsal/assembly/deployment';
import { readAssembly } from '../../../rehearsal/assembly/manifest';
import { IamEvaluator } from '../../../rehearsal/iam/evaluator';
import { PermissionUse, servicesNamed } from '../../../rehearsal/iam/permission-use';
import { rolePolicies } from '../../../rehearsal/iam/role-policies';
import { ServiceReference } from '../../../rehearsal/iam/service-reference';

const ACCOUNT = '123456789012';
const TABLE = `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/records`;

const statement = (actions: string[], resources = ['*']) => new iam.PolicyStatement({ actions, resources });

function deployed(build: (stack: Stack) => void): Deployment {
  const app = new App();
  build(new Stack(app, 'Roles'));
  return deploy(readAssembly(app.synth().directory), { accountId: ACCOUNT, region: 'eu-central-1' });
}

function onlyRole(deployment: Deployment): string {
  const [role] = deployment.ofType('AWS::IAM::Role');
  if (!role?.arn) throw new Error('no role');
  return role.arn;
}

const assumedBy = new iam.ServicePrincipal('lambda.amazonaws.com');

describe('the policies of a role', () => {
  test('are those written in it, attached to it, and managed by the same template', () => {
    const deployment = deployed((stack) => {
      const role = new iam.Role(stack, 'Role', {
        assumedBy,
        inlinePolicies: { Inline: new iam.PolicyDocument({ statements: [statement(['sqs:SendMessage'])] }) },
        managedPolicies: [
          new iam.ManagedPolicy(stack, 'Managed', { statements: [statement(['rds:DescribeDBInstances'])] }),
        ],
        permissionsBoundary: new iam.ManagedPolicy(stack, 'Boundary', { statements: [statement(['*'])] }),
      });
      role.addToPolicy(statement(['events:PutEvents']));
      const attached = new iam.ManagedPolicy(stack, 'Attached', { statements: [statement(['logs:PutLogEvents'])] });
      attached.attachToRole(role);
      const other = new iam.Role(stack, 'Other', { assumedBy });
      other.addToPolicy(statement(['kms:Decrypt']));
      new iam.ManagedPolicy(stack, 'OfOther', { statements: [statement(['ssm:SendCommand'])], roles: [other] });
    });
    const policies = rolePolicies(deployment, onlyRole(deployment));
    expect(servicesNamed(policies.identity)).toEqual(['events', 'logs', 'rds', 'sqs']);
    expect(policies.permissionsBoundary).toMatchObject({ Statement: [{ Action: '*' }] });
    expect(policies.trust).toMatchObject({ Statement: [{ Principal: { Service: 'lambda.amazonaws.com' } }] });
    expect(rolePolicies(deployment, onlyRole(deployment))).toBe(policies);
  });

  test.each<[what: string, props: Partial<iam.RoleProps>]>([
    [
      'attached',
      { managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaBasicExecutionRole')] },
    ],
    ['boundary', { permissionsBoundary: iam.ManagedPolicy.fromAwsManagedPolicyName('PowerUserAccess') }],
  ])('a policy that AWS manages is refused: %s', (_, props) => {
    const deployment = deployed((stack) => new iam.Role(stack, 'Role', { assumedBy, ...props }));
    expect(() => rolePolicies(deployment, onlyRole(deployment))).toThrow(
      /arn:aws:iam::aws:policy\/.*not in the template/,
    );
  });

  test('a role that is none of the assembly is refused', () => {
    const deployment = deployed((stack) => new iam.Role(stack, 'Role', { assumedBy }));
    expect(() => rolePolicies(deployment, `arn:aws:iam::${ACCOUNT}:role/stranger`)).toThrow('none of the assembly');
  });
});

describe('the use of permissions', () => {
  async function rehearsed(statements: iam.PolicyStatement[], calls: [action: string, resource: string][]) {
    const deployment = deployed((stack) => {
      const role = new iam.Role(stack, 'Role', { assumedBy });
      for (const it of statements) role.addToPolicy(it);
    });
    const role = onlyRole(deployment);
    const policies = rolePolicies(deployment, role);
    const reference = await ServiceReference.load(['dynamodb', 'rds', 'sqs', ...servicesNamed(policies.identity)]);
    const evaluator = new IamEvaluator(reference);
    const use = new PermissionUse(reference);
    for (const [action, resource] of calls) {
      const { allowed, matched } = evaluator.evaluate({ principal: { arn: role }, action, resource }, policies);
      use.record({ roleArn: role, action, resource, allowed, matched });
    }
    const { neverUsed, denied } = use.report([policies]);
    expect([...neverUsed, ...denied].every((it) => it.role === role)).toBe(true);
    return {
      neverUsed: neverUsed.map(({ action, resource }) => `${action} ${resource}`),
      denied: denied.map(({ action, resource, times }) => `${action} ${resource} ${times}`),
    };
  }

  test('nothing is left over when every action was used on every resource', async () => {
    const grants = [statement(['dynamodb:GetItem', 'dynamodb:PutItem'], [TABLE]), statement(['sqs:SendMessage'])];
    const report = await rehearsed(grants, [
      ['dynamodb:GetItem', TABLE],
      ['dynamodb:PutItem', TABLE],
      ['sqs:SendMessage', `arn:aws:sqs:eu-central-1:${ACCOUNT}:dispatch`],
    ]);
    expect(report).toEqual({ neverUsed: [], denied: [] });
  });

  test('an action, and a resource, that nobody used', async () => {
    const grants = [statement(['dynamodb:GetItem', 'dynamodb:Query'], [TABLE, `${TABLE}/index/*`])];
    const report = await rehearsed(grants, [
      ['dynamodb:GetItem', TABLE],
      ['dynamodb:Query', `${TABLE}/index/due`],
    ]);
    expect(report.neverUsed).toEqual([`dynamodb:GetItem ${TABLE}/index/*`, `dynamodb:Query ${TABLE}`]);
  });

  test('wildcards are taken apart', async () => {
    const report = await rehearsed(
      [statement(['sqs:SendMess*', 'sqs:List*'])],
      [['sqs:SendMessage', `arn:aws:sqs:eu-central-1:${ACCOUNT}:dispatch`]],
    );
    expect(report.neverUsed).toContain('sqs:ListQueues *');
    expect(report.neverUsed).toContain('sqs:ListQueueTags *');
    expect(report.neverUsed.join()).not.toContain('SendMessage');
  });

  test('a grant of everything, or of all but something, is never used up', async () => {
    const except = new iam.PolicyStatement({ notActions: ['iam:*'], resources: ['*'] });
    const report = await rehearsed([statement(['*']), except], [['rds:DescribeDBInstances', '*']]);
    expect(report.neverUsed).toEqual(['* *', 'all but iam:* *']);
  });

  test('an action that IAM does not know stays as it is written', async () => {
    const report = await rehearsed([statement(['sqs:SendMesage'])], []);
    expect(report.neverUsed).toEqual(['sqs:SendMesage *']);
  });

  test('denials are counted with the resource that was asked for', async () => {
    const undefinedTable = TABLE.replace('records', 'undefined');
    const report = await rehearsed(
      [statement(['dynamodb:GetItem'], [TABLE])],
      [
        ['dynamodb:GetItem', TABLE],
        ['dynamodb:GetItem', undefinedTable],
        ['dynamodb:GetItem', undefinedTable],
        ['rds:DescribeDBInstances', '*'],
      ],
    );
    expect(report).toEqual({
      neverUsed: [],
      denied: [`dynamodb:GetItem ${undefinedTable} 2`, 'rds:DescribeDBInstances * 1'],
    });
  });
});
