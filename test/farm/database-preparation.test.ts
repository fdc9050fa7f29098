import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePreparation } from '../../image/supervisor/prepare/settings';
import { taskToRunSchema } from '../../lambda/one-off-task/task-to-run';
import { DatabasePreparation, type DatabasePreparationProps } from '../../lib/farm/database-preparation';
import { isPreparationNeeded } from '../../lib/farm/database-preparation-rules';
import { SynchronizationScript } from '../../lib/farm/synchronization-script';
import { MACHINE } from '../supervisor/surroundings';
import { type Farmland, farmland, messageOf } from './farm-fixture';
import { statementsOf } from './read-template';

let folder: string;
let sales: SynchronizationScript;
let prices: SynchronizationScript;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mobilink-scripts-'));
  mkdirSync(path.join(folder, 'folder'));
  for (const name of ['sales', 'prices']) writeFileSync(path.join(folder, `${name}.sql`), `create table ${name};\n`);
  writeFileSync(path.join(folder, 'empty.sql'), '');
  sales = SynchronizationScript.fromFile(path.join(folder, 'sales.sql'), { name: 'sales', version: '1' });
  prices = SynchronizationScript.fromFile(path.join(folder, 'prices.sql'), { name: 'prices', version: '2.0' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** As a farm has it prepared, in its own stack or in another one than that of the database. */
function prepared(
  props: Partial<DatabasePreparationProps> = {},
  land: Farmland = farmland(),
  stack: Stack = land.stack,
): { stack: Stack; preparation: DatabasePreparation; land: Farmland; service: iam.Role } {
  const group = new ec2.SecurityGroup(stack, 'ServerGroup', { vpc: land.vpc, allowAllOutbound: false });
  group.connections.allowTo(land.database, ec2.Port.tcp(land.database.port));
  const preparation = new DatabasePreparation(stack, 'Preparation', {
    database: land.database,
    cluster: new ecs.Cluster(stack, 'Cluster', {
      vpc: land.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    }),
    subnets: land.vpc.privateSubnets,
    securityGroups: [group],
    imageUri: 'registry.example/mobilink:17',
    executionRole: new iam.Role(stack, 'ExecutionRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    }),
    logGroup: new logs.LogGroup(stack, 'Logs'),
    environment: {
      MOBILINK_DATABASE: stack.toJsonString({
        engine: land.database.engine,
        dsn: { SERVER: 'db.example.com', DATABASE: 'sync' },
      }),
      MOBILINK_LOGIN_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:login-AbCdEf',
      MOBILINK_WORKERS: '5',
      MOBILINK_METRICS: '{}',
      SATMP: '/scratch',
    },
    scratch: '/scratch',
    ...props,
  });
  const service = new iam.Role(stack, 'After', { assumedBy: new iam.ServicePrincipal('ecs.amazonaws.com') });
  service.node.addDependency(preparation.resource);
  return { stack, preparation, land, service };
}

const twoStacks = () => {
  const land = farmland();
  return [land, new Stack(land.app, 'Servers')] as const;
};

function containerOf(template: Template) {
  const [definition] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  return definition?.Properties.ContainerDefinitions[0];
}

function variablesOf(template: Template): Map<string, string> {
  const pairs: { Name: string; Value: unknown }[] = containerOf(template).Environment;
  return new Map(pairs.map(({ Name, Value }) => [Name, plain(Value)]));
}

/** As CloudFormation would write it, for whom the pseudo parameters are text. */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    'Fn::Join': join,
    'Fn::Sub': sub,
    Ref,
  } = value as { 'Fn::Join'?: [string, unknown[]]; 'Fn::Sub'?: string; Ref?: string };
  if (join) return join[1].map(plain).join(join[0]);
  return sub ?? `\${${Ref}}`;
}

describe.each([1, 2])('the preparation of a database, in %d stacks', (stacks) => {
  const given = () =>
    stacks === 1 ? prepared({ scripts: [sales, prices] }) : prepared({ scripts: [sales, prices] }, ...twoStacks());

  it('tells its task what the image understands', () => {
    const variables = variablesOf(Template.fromStack(given().stack));
    expect([...variables.keys()]).toEqual([
      'MOBILINK_DATABASE',
      'MOBILINK_LOGIN_SECRET_ARN',
      'SATMP',
      'MOBILINK_PREPARATION',
    ]);
    const settings = parsePreparation(Object.fromEntries(variables), MACHINE);
    expect(settings).toMatchObject({
      setUp: 'run',
      configuration: { engine: { name: 'mysql' }, scratch: '/scratch' },
      scripts: [
        { name: 'sales', version: '1', sha256: sumOf('create table sales;\n') },
        { name: 'prices', version: '2.0', sha256: sumOf('create table prices;\n') },
      ],
    });
    for (const { bucket, key } of settings.scripts) {
      expect(bucket).toContain('cdk-hnb659fds-assets');
      expect(key).toMatch(/^[0-9a-f]{64}\.sql$/);
    }
  });

  it('tells its function what that understands', () => {
    const { stack, preparation } = given();
    const template = Template.fromStack(stack);
    const [resource] = Object.values(template.findResources('Custom::MobiLinkDatabase'));
    const { ServiceToken, ServiceTimeout, ...properties } = resource?.Properties ?? {};
    expect(properties).toMatchObject({
      taskDefinition: stack.resolve(preparation.taskDefinition.ref),
      subnets: [expect.anything(), expect.anything()],
      container: containerOf(template).Name,
      logStreamPrefix: containerOf(template).LogConfiguration.Options['awslogs-stream-prefix'],
    });
    const asText = Object.entries(properties).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(() => 'known-when-deployed') : 'known-when-deployed',
    ]);
    expect(v.is(taskToRunSchema, Object.fromEntries(asText))).toBe(true);
    const [handler] = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(handler?.Properties.Timeout).toBe(900);
    // Twice, with the pause of Lambda between.
    expect(Number(ServiceTimeout)).toBeGreaterThan(2 * 900 + 60);
    expect(ServiceToken).toBeDefined();
  });

  it('comes after all that it needs, and before what depends on it', () => {
    const { stack } = given();
    const template = Template.fromStack(stack);
    const [[id = '', resource] = []] = Object.entries(template.findResources('Custom::MobiLinkDatabase'));
    const before: string[] = resource?.DependsOn;
    const kinds = before.map((it) => it.replace(/[0-9A-F]{8}$/, ''));
    expect(kinds).toEqual(
      expect.arrayContaining([
        'ExecutionRole',
        'PreparationTaskRole',
        'PreparationTaskRoleDefaultPolicy',
        'PreparationRunnerRole',
        'PreparationRunnerRoleDefaultPolicy',
        'ServerGroup',
      ]),
    );
    expect(
      kinds.some(
        (it) => it.includes('ServerGroupto') || it.includes('fromTestServerGroup') || it.includes('fromServers'),
      ),
    ).toBe(true);
    if (stacks === 1) {
      expect(kinds).toEqual(expect.arrayContaining(['DatabaseGroup', 'VpcPrivateSubnet1DefaultRoute']));
    }
    template.hasResource('AWS::IAM::Role', { DependsOn: Match.arrayWith([id]) });
  });

  it('lets everybody do exactly what they do', () => {
    const { stack, preparation } = given();
    const template = Template.fromStack(stack);
    expect(statementsOf(template, 'PreparationTaskRole')).toMatchObject([
      { Action: 'secretsmanager:GetSecretValue' },
      { Action: 's3:GetObject', Resource: [{ 'Fn::Join': expect.anything() }, { 'Fn::Join': expect.anything() }] },
    ]);
    const cluster = { ArnEquals: { 'ecs:cluster': { 'Fn::GetAtt': [expect.stringMatching('^Cluster'), 'Arn'] } } };
    expect(statementsOf(template, 'PreparationRunnerRole')).toMatchObject([
      { Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] },
      { Action: 'ecs:RunTask', Resource: stack.resolve(preparation.taskDefinition.ref), Condition: cluster },
      {
        Action: 'iam:PassRole',
        Resource: [
          { 'Fn::GetAtt': [expect.stringMatching('^PreparationTaskRole'), 'Arn'] },
          { 'Fn::GetAtt': [expect.stringMatching('^ExecutionRole'), 'Arn'] },
        ],
        Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      },
      { Action: ['ecs:DescribeTasks', 'ecs:StopTask'], Condition: cluster },
      { Action: 'logs:GetLogEvents', Resource: { 'Fn::GetAtt': [expect.stringMatching('^Logs'), 'Arn'] } },
    ]);
  });

  it('leaves nothing open in cdk-nag', () => {
    const { land, stack } = given();
    land.app.synth();
    const { violations } = new AwsSolutionsChecks().validateScope(stack);
    const own = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
    expect(own.filter((it) => it.includes('/Preparation/'))).toEqual([]);
  });

  it('needs nothing of the database’s stack to change', () => {
    const { land, stack } = given();
    if (stack === land.stack) return;
    land.app.synth();
    expect(land.stack.dependencies).toEqual([]);
  });
});

it('is a task as servers are, without ports and with a log that loses nothing', () => {
  const template = Template.fromStack(prepared().stack);
  template.hasResourceProperties('AWS::ECS::TaskDefinition', {
    NetworkMode: 'awsvpc',
    RequiresCompatibilities: ['FARGATE'],
    RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
    ContainerDefinitions: [
      Match.objectLike({
        Command: ['prepare'],
        ReadonlyRootFilesystem: true,
        PortMappings: Match.absent(),
        LogConfiguration: { LogDriver: 'awslogs', Options: Match.objectLike({ mode: 'blocking' }) },
        MountPoints: [{ ContainerPath: '/scratch', ReadOnly: false, SourceVolume: 'Scratch' }],
      }),
    ],
  });
  expect(statementsOf(template, 'PreparationTaskRole')).toHaveLength(1);
});

it('decrypts the login with its key', () => {
  const statements = statementsOf(Template.fromStack(prepared({}, farmlandWithKey()).stack), 'PreparationTaskRole');
  expect(statements.map(({ Action }) => Action)).toEqual(['secretsmanager:GetSecretValue', 'kms:Decrypt']);
});

it('tells that the set-up is somebody else’s', () => {
  const variables = variablesOf(Template.fromStack(prepared({ setUp: false, scripts: [sales] }).stack));
  expect(JSON.parse(variables.get('MOBILINK_PREPARATION') ?? '')).toMatchObject({
    setUp: 'never',
    scripts: [{ name: 'sales' }],
  });
});

it.each([
  [undefined, true],
  [{}, true],
  [{ setUp: false }, false],
  [{ setUp: false, scripts: [] }, false],
] as const)('%j: there is something to be done: %s', (options, expected) => {
  expect(isPreparationNeeded(options && { ...options, scripts: [] })).toBe(expected);
  expect(isPreparationNeeded({ ...options, scripts: [sales] })).toBe(true);
});

it('depends on what a file holds and not on where it lies', () => {
  const elsewhere = path.join(folder, 'folder', 'other.sql');
  writeFileSync(elsewhere, 'create table sales;\n');
  const moved = SynchronizationScript.fromFile(elsewhere, { name: 'sales', version: '1' });
  const [one, other] = [sales, moved].map((it) => Template.fromStack(prepared({ scripts: [it] }).stack).toJSON());
  expect(other).toEqual(one);
  writeFileSync(elsewhere, 'create table sales; -- another\n');
  expect(Template.fromStack(prepared({ scripts: [moved] }).stack).toJSON()).not.toEqual(one);
});

describe('refuses, all at once,', () => {
  const file = (name: string) => path.join(folder, name);
  const refused = (...scripts: SynchronizationScript[]) => messageOf(() => prepared({ scripts }));

  it('names that the database would not know', () => {
    const message = refused(
      SynchronizationScript.fromFile(file('sales.sql'), { name: 'Sales', version: '1 0' }),
      SynchronizationScript.fromFile(file('sales.sql'), { name: 'x'.repeat(41), version: '' }),
    );
    expect(message).toContain('has 4 problems');
    expect(message).toMatch(/\[MobiLink:Farm:ScriptName\] preparation\.scripts\[0\]\.name: .*got 'Sales'\. Fix: /);
    expect(message).toMatch(/\[MobiLink:Farm:ScriptVersion\] preparation\.scripts\[1\]\.version: /);
  });

  it.each(['nowhere.sql', 'folder', 'empty.sql'])('the file %s', (name) => {
    const script = SynchronizationScript.fromFile(file(name), { name: 'sales', version: '1' });
    expect(refused(script)).toMatch(
      /\[MobiLink:Farm:ScriptFile\] preparation\.scripts\[0\]\.file: .*is not empty, got '\//,
    );
  });

  it('what only CloudFormation knows', () => {
    const { valueAsString } = new CfnParameter(new Stack(), 'Name');
    const script = SynchronizationScript.fromFile(valueAsString, { name: valueAsString, version: valueAsString });
    expect(refused(script)).toContain('has 3 problems');
  });

  it('two of a name and version, and too many', () => {
    expect(refused(sales, prices, sales)).toMatch(/\[MobiLink:Farm:ScriptTwice\].*got 'sales 1'/);
    const many = Array.from({ length: 101 }, (_, index) =>
      SynchronizationScript.fromFile(file('sales.sql'), { name: 'sales', version: `${index}` }),
    );
    expect(refused(...many)).toMatch(/\[MobiLink:Farm:ScriptCount\].*must be at most 100, got 101/);
  });

  it('no name that the image takes', () => {
    for (const name of ['a', `a${'-'.repeat(39)}`, '0_b']) {
      for (const version of ['1', '1.0-b_c', 'a'.repeat(20)]) {
        const script = SynchronizationScript.fromFile(file('sales.sql'), { name, version });
        const variables = variablesOf(Template.fromStack(prepared({ scripts: [script] }).stack));
        expect(parsePreparation(Object.fromEntries(variables), MACHINE).scripts).toMatchObject([{ name, version }]);
      }
    }
  });
});

function farmlandWithKey(): Farmland {
  const app = new App();
  const keys = new Stack(app, 'Keys');
  return farmland({ loginKey: new kms.Key(keys, 'Key') }, undefined, app);
}
