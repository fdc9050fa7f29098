import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { parse } from '../../lambda/door/parse';
import { taskToRunSchema } from '../../lambda/one-off-task/task-to-run';
import { LoginRotation, MobiLinkEngine } from '../../lib';
import { addFarm, build, farmland, messageOf } from './farm-fixture';

const MONTHLY = { loginRotation: LoginRotation.every(Duration.days(30)) };

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const statementsOf = (template: Template, role: RegExp) =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((it) => role.test(JSON.stringify(it.Properties.Roles)))
    .flatMap((it) => it.Properties.PolicyDocument.Statement as Statement[]);

const actionsOf = (statements: Statement[]) => statements.flatMap(({ Action }) => Action).sort();

describe('a farm whose login is rotated', () => {
  const { stack, template, farm, database } = build(MONTHLY);
  const login = stack.resolve(database.mobiLinkLogin.secretArn);

  it('has it rotated by Secrets Manager each month, and not by the deployment', () => {
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: login,
      RotationRules: { AutomaticallyAfterDays: 30 },
      RotateImmediatelyOnUpdate: false,
      RotationLambdaARN: { 'Fn::GetAtt': [Match.stringLikeRegexp('LoginRotatorRotate'), 'Arn'] },
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: login,
    });
    const [schedule] = Object.values(template.findResources('AWS::SecretsManager::RotationSchedule'));
    const [permission = ''] = Object.keys(
      template.findResources('AWS::Lambda::Permission', { Properties: { Principal: 'secretsmanager.amazonaws.com' } }),
    );
    expect(schedule?.DependsOn).toContain(permission);
  });

  it('does it with a task of the servers’ image, which is told where the database is and no secret', () => {
    const [task] = Object.values(
      template.findResources('AWS::ECS::TaskDefinition', {
        Properties: { ContainerDefinitions: [Match.objectLike({ Command: ['rotate'] })] },
      }),
    );
    const [container] = task?.Properties.ContainerDefinitions ?? [];
    const names = container.Environment.map(({ Name }: { Name: string }) => Name).sort();
    expect(names).toEqual(['MOBILINK_DATABASE', 'MOBILINK_LOGIN_SECRET_ARN', 'SATMP']);
    expect(container.ReadonlyRootFilesystem).toBe(true);
  });

  it('tells its function the task as the function reads it', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const told = functions.flatMap((it) => it.Properties.Environment?.Variables?.MOBILINK_ROTATION_TASK ?? []);
    const text = told.map((it: { 'Fn::Join': [string, unknown[]] }) =>
      it['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'known-later')).join(''),
    );
    expect(parse(taskToRunSchema, JSON.parse(text[0] ?? ''), 'wrong')).toMatchObject({
      container: 'Rotate',
      logStreamPrefix: 'rotate',
    });
  });

  it('lets the task read the login and move its label, and the function write the pending version', () => {
    const task = statementsOf(template, /LoginRotatorTaskRole/);
    expect(actionsOf(task)).toEqual(['secretsmanager:GetSecretValue', 'secretsmanager:UpdateSecretVersionStage']);
    for (const { Resource } of task) expect(Resource).toEqual(login);
    const runner = statementsOf(template, /LoginRotatorRotateRole/);
    expect(actionsOf(runner)).toEqual([
      'ecs:DescribeTasks',
      'ecs:RunTask',
      'ecs:StopTask',
      'iam:PassRole',
      'logs:CreateLogStream',
      'logs:GetLogEvents',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
    ]);
  });

  it('rings when a rotation has failed', () => {
    const metric = farm.loginRotator?.metricFailures();
    expect(metric?.metricName).toBe('Errors');
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('LoginRotatorRotate') } }],
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
    const land = farmland();
    addFarm(land, { ...MONTHLY, alarmTopic: new sns.Topic(land.stack, 'Topic') });
    Template.fromStack(land.stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      AlarmActions: [{ Ref: Match.stringLikeRegexp('Topic') }],
    });
  });

  it('has nothing of this without being asked', () => {
    const plain = build();
    expect(plain.farm.loginRotator).toBeUndefined();
    plain.template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 0);
  });
});

describe('a login with a customer’s key', () => {
  it.each([1, 2])('is rotated in %s stacks, by the side of the farm alone', (count) => {
    const app = new App();
    const keys = new Stack(app, 'Keys');
    const land = farmland({ loginKey: new kms.Key(keys, 'Key') }, undefined, app);
    const servers = count === 1 ? land.stack : new Stack(app, 'Servers');
    addFarm(land, MONTHLY, 'Farm', servers);
    const template = Template.fromStack(servers);
    const decrypting = statementsOf(template, /LoginRotator/).filter(({ Action }) =>
      [Action].flat().includes('kms:Decrypt'),
    );
    expect(decrypting.map(({ Action }) => Action)).toEqual(
      expect.arrayContaining(['kms:Decrypt', ['kms:Decrypt', 'kms:GenerateDataKey']]),
    );
    template.resourceCountIs('AWS::SecretsManager::RotationSchedule', 1);
    if (count === 2) expect(land.stack.dependencies).not.toContain(servers);
    expect(keys.dependencies).toEqual([]);
  });
});

describe('a login that was imported', () => {
  it('by its name alone is rotated, too', () => {
    const app = new App();
    const land = farmland({}, undefined, app);
    const mobiLinkLogin = secretsmanager.Secret.fromSecretNameV2(land.stack, 'Login', 'erp/mobilink');
    const database = Object.create(land.database, { mobiLinkLogin: { value: mobiLinkLogin } });
    addFarm({ ...land, database }, MONTHLY);
    const template = Template.fromStack(land.stack);
    const [runner] = statementsOf(template, /LoginRotatorRotateRole/).filter(({ Action }) =>
      [Action].flat().includes('secretsmanager:PutSecretValue'),
    );
    expect(JSON.stringify(runner?.Resource)).toContain('erp/mobilink-??????');
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'secretsmanager.amazonaws.com',
      SourceArn: Match.absent(),
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
  });
});

describe('a rotation that cannot be', () => {
  it.each([Duration.hours(12), Duration.days(1_001), Duration.hours(36)])('every %s is refused', (interval) => {
    expect(messageOf(() => build({ loginRotation: LoginRotation.every(interval) }))).toContain(
      '[MobiLink:Farm:LoginRotation] loginRotation: must be every 1 to 1000 whole days',
    );
  });

  it('of an engine whose logins the image cannot change is refused', () => {
    const land = farmland();
    const database = Object.create(land.database, { engine: { value: MobiLinkEngine.SQL_ANYWHERE } });
    expect(messageOf(() => addFarm({ ...land, database }, MONTHLY))).toMatch(
      /\[MobiLink:Farm:LoginRotationEngine\] loginRotation: is there for mysql only, got 'sql-anywhere'. Fix: .*docs\/rotation.md/,
    );
  });
});
