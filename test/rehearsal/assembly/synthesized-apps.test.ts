import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { App, CfnOutput, CfnParameter, CfnResource, NestedStack, Stack, type StackProps, Stage } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../../rehearsal/assembly/deployment';
import { ACCOUNT, deployFolder, oneStack, REGION, writeAssembly } from './assembly-folder';

const deployApp = (app: App, options = {}) => deployFolder(app.synth().directory, options);

function variablesOf(deployment: Deployment): unknown {
  const environment = deployment.ofType('AWS::Lambda::Function')[0]?.properties.Environment;
  return typeof environment === 'object' && environment !== null ? Reflect.get(environment, 'Variables') : undefined;
}

class Data extends Stack {
  readonly table: dynamodb.Table;
  readonly instance: rds.DatabaseInstance;
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const availabilityZones = [0, 1, 2].map((it) => ({ 'Fn::Select': [it, { 'Fn::GetAZs': '' }] }));
    const vpc = new ec2.CfnVPC(this, 'Vpc', { cidrBlock: '10.0.0.0/16' });
    const subnetIds = availabilityZones.map((zone, index) => {
      const subnet = new ec2.CfnSubnet(this, `Subnet${index}`, { vpcId: vpc.ref, cidrBlock: `10.0.${index}.0/24` });
      subnet.addPropertyOverride('AvailabilityZone', zone);
      return subnet.ref;
    });
    this.table = new dynamodb.Table(this, 'Records', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    });
    this.instance = new rds.DatabaseInstance(this, 'Database', {
      engine: rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.VER_8_4_8 }),
      vpc: ec2.Vpc.fromVpcAttributes(this, 'Imported', {
        vpcId: vpc.ref,
        availabilityZones: ['a', 'b', 'c'],
        isolatedSubnetIds: subnetIds,
      }),
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    });
  }
}

class Logic extends Stack {
  constructor(scope: Construct, id: string, data: Data, props?: StackProps) {
    super(scope, id, props);
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    data.table.grantReadData(role);
    new lambda.Function(this, 'Function', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(writeAssembly({ 'index.js': 'exports.handler = async () => 42;' })),
      role,
      environment: {
        TABLE: data.table.tableName,
        HOST: data.instance.dbInstanceEndpointAddress,
        PORT: data.instance.dbInstanceEndpointPort,
      },
    });
  }
}

const WEAK = { '@aws-cdk/core:defaultCrossStackReferences': 'weak' };

describe('two stacks', () => {
  test.each([
    ['strong', {}, 'Fn::ImportValue'],
    ['weak', WEAK, 'Fn::GetStackOutput'],
  ])('%s references between them', (_, context, usedFunction) => {
    const app = new App({ context });
    new Logic(app, 'Logic', new Data(app, 'Data'));
    const assembly = app.synth();
    expect(JSON.stringify(assembly.getStackByName('Logic').template)).toContain(usedFunction);

    const deployment = deployFolder(assembly.directory);
    const [table] = deployment.ofType('AWS::DynamoDB::Table');
    const [database] = deployment.ofType('AWS::RDS::DBInstance');
    expect(variablesOf(deployment)).toEqual({
      TABLE: table?.physicalId,
      HOST: database?.attributes['Endpoint.Address'],
      PORT: '3306',
    });
    expect(JSON.stringify(deployment.ofType('AWS::IAM::Policy')[0]?.properties)).toContain(`"${table?.arn}"`);
    expect(JSON.stringify(deployment.resources.map((it) => it.properties))).not.toMatch(/"(Ref|Fn::\w+)":/);
  });

  test('names are the same in every run and differ between stacks, accounts and Regions', () => {
    const names = (options: object, id = 'Data') => {
      const app = new App();
      new Data(app, id);
      return deployApp(app, options).resources.map((it) => it.physicalId);
    };
    expect(names({})).toEqual(names({}));
    const [first, others] = [
      new Set(names({})),
      [names({}, 'Other'), names({ accountId: '9'.repeat(12) }), names({ region: 'us-east-1' })],
    ];
    for (const other of others) expect(other.filter((it) => first.has(it))).toEqual([]);
  });

  test('a database is named as RDS names it', () => {
    const app = new App();
    new Data(app, 'MobiLink-Data');
    const [database] = deployApp(app).ofType('AWS::RDS::DBInstance');
    expect(database?.physicalId).toMatch(/^mobilink-data-[a-z0-9-]+$/);
    expect(database?.physicalId.length).toBeLessThanOrEqual(63);
    expect(database?.arn).toBe(`arn:aws:rds:${REGION}:${ACCOUNT}:db:${database?.physicalId}`);
    expect(database?.path).toBe('MobiLink-Data/Database/Resource');
    expect(database?.attributes).toMatchObject({
      'Endpoint.Address': expect.stringMatching(
        new RegExp(`^${database?.physicalId}\\.c[a-z0-9]{11}\\.${REGION}\\.rds\\.amazonaws\\.com$`),
      ),
      DbiResourceId: expect.stringMatching(/^db-[A-Z0-9]{26}$/),
      DBInstanceArn: database?.arn,
    });
    expect(database?.attributes).not.toHaveProperty(['MasterUserSecret.SecretArn']);
  });

  test('subnets lie in three zones, or in those that were asked for', () => {
    const zones = (options: object) => {
      const app = new App();
      new Data(app, 'Data');
      return deployApp(app, options)
        .ofType('AWS::EC2::Subnet')
        .map((it) => it.attributes.AvailabilityZone);
    };
    expect(zones({})).toEqual([`${REGION}a`, `${REGION}b`, `${REGION}c`]);
    expect(zones({ availabilityZones: ['x1', 'x2', 'x4'] })).toEqual(['x1', 'x2', 'x4']);
  });

  test('the app may fix account and Region', () => {
    const app = new App();
    const env = { account: '111111111111', region: 'us-gov-west-1' };
    new Logic(app, 'Logic', new Data(app, 'Data', { env }), { env });
    const [database] = deployApp(app).ofType('AWS::RDS::DBInstance');
    expect(database?.arn).toMatch(/^arn:aws-us-gov:rds:us-gov-west-1:111111111111:db:/);
  });
});

test('stages are assemblies within the assembly', () => {
  const app = new App();
  for (const id of ['Test', 'Prod']) {
    const stage = new Stage(app, id);
    new Logic(stage, 'Logic', new Data(stage, 'Data'));
  }
  const deployment = deployApp(app);
  const [test, prod] = deployment.ofType('AWS::Lambda::Function');
  expect(new Set(deployment.resources.map((it) => it.stackName))).toEqual(
    new Set(['Test-Data', 'Test-Logic', 'Prod-Data', 'Prod-Logic']),
  );
  expect(test?.physicalId).not.toBe(prod?.physicalId);
  for (const it of [test, prod]) {
    const code = it && deployment.codeOf(it);
    expect(code?.kind === 'folder' && readFileSync(path.join(code.folder, 'index.js'), 'utf8')).toContain('42');
  }
});

test('nested stacks get parameters from their parent and give it outputs', () => {
  const app = new App();
  const parent = new Stack(app, 'Parent');
  const queue = new sqs.Queue(parent, 'Queue', { queueName: 'outer' });
  const nested = new NestedStack(parent, 'Nested');
  const inner = new sqs.Queue(nested, 'Inner', { queueName: 'inner' });
  new CfnResource(nested, 'Probe', { type: 'Test::Inner', properties: { value: queue.queueArn } });
  new CfnResource(parent, 'Probe', { type: 'Test::Outer', properties: { value: inner.queueArn } });
  const deployment = deployApp(app);
  expect(deployment.ofType('Test::Inner')[0]?.properties.value).toBe(`arn:aws:sqs:${REGION}:${ACCOUNT}:outer`);
  expect(deployment.ofType('Test::Outer')[0]?.properties.value).toBe(`arn:aws:sqs:${REGION}:${ACCOUNT}:inner`);
});

describe('resources', () => {
  test('are found by physical id and by ARN', () => {
    const app = new App();
    new Data(app, 'Data');
    const deployment = deployApp(app);
    const [table] = deployment.ofType('AWS::DynamoDB::Table');
    expect(deployment.find(table?.physicalId ?? '')).toBe(table);
    expect(deployment.find(table?.arn ?? '')).toBe(table);
    expect(deployment.find('nobody')).toBeUndefined();
  });

  test('a queue has the URL of the stand-in', () => {
    const app = new App();
    const stack = new Stack(app, 'Stack');
    new CfnResource(stack, 'Probe', {
      type: 'Test::Probe',
      properties: { url: new sqs.Queue(stack, 'Q', { queueName: 'q' }).queueUrl },
    });
    const deployment = deployApp(app, { queueEndpoint: 'http://127.0.0.1:4711' });
    expect(deployment.ofType('Test::Probe')[0]?.properties.url).toBe(`http://127.0.0.1:4711/${ACCOUNT}/q`);
  });

  test('generated names keep to the longest that AWS takes', () => {
    const app = new App();
    const stack = new Stack(app, 'AStackWithAVeryLongNameIndeedForNobodyReadsItToItsVeryEnd');
    new iam.Role(stack, 'ARoleWithAVeryLongNameTooWhichNobodyWillEverReadToItsEnd', {
      assumedBy: new iam.AnyPrincipal(),
    });
    const [role] = deployApp(app).ofType('AWS::IAM::Role');
    expect(role?.physicalId.length).toBe(64);
    expect(role?.arn).toBe(`arn:aws:iam::${ACCOUNT}:role/${role?.physicalId}`);
  });

  test('an export that another stack makes too late is refused', () => {
    const imported = (inOrder: boolean) => {
      const app = new App();
      const reader = new Stack(app, 'A-Reader');
      const writer = new Stack(app, 'B-Writer');
      const properties = { value: { 'Fn::ImportValue': 'Shared' } };
      new CfnResource(reader, 'Probe', { type: 'Test::Probe', properties });
      new CfnOutput(writer, 'Output', { value: 'x', exportName: 'Shared' });
      if (inOrder) reader.addStackDependency(writer);
      return deployApp(app).ofType('Test::Probe')[0]?.properties.value;
    };
    expect(imported(true)).toBe('x');
    expect(() => imported(false)).toThrow('A-Reader/Probe: no export named Shared');
  });

  test('a parameter that only the deployer knows is refused', () => {
    const app = new App();
    new CfnParameter(new Stack(app, 'Stack'), 'Ask');
    expect(() => deployApp(app)).toThrow('no value for the parameter Ask');
  });
});

describe('the code of a function', () => {
  const codeOf = (Code: object) => {
    const Resources = { F: { Type: 'AWS::Lambda::Function', Properties: { Code } } };
    const deployment = deployFolder(oneStack({ Resources }));
    const [found] = deployment.ofType('AWS::Lambda::Function');
    return () => found && deployment.codeOf(found);
  };

  test('may stand in the template', () => {
    expect(codeOf({ ZipFile: 'exports.handler = 1' })()).toEqual({ kind: 'inline', source: 'exports.handler = 1' });
  });

  test.each<[what: string, code: object, why: string]>([
    ['an image', { ImageUri: 'x' }, 'a container image cannot be rehearsed'],
    ['an object in a bucket', { S3Bucket: 'b', S3Key: 'k.zip' }, 'Stack/F: its code k.zip is no asset'],
  ])('is refused as %s', (_, code, why) => {
    expect(codeOf(code)).toThrow(why);
  });

  test('is refused as an archive', () => {
    const app = new App();
    const archive = path.join(writeAssembly({ 'code.zip': 'PK' }), 'code.zip');
    new lambda.Function(new Stack(app, 'Stack'), 'F', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(archive),
    });
    const deployment = deployApp(app);
    const [found] = deployment.ofType('AWS::Lambda::Function');
    expect(() => found && deployment.codeOf(found)).toThrow('is an archive; a folder is needed');
  });
});
