import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import {
  ConsolidatedDatabase,
  ConsolidatedRdsCluster,
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  type ConsolidatedRdsInstanceProps,
  MobiLinkEngine,
} from '../../lib';

const { sqlServerStandard, sqlServerEnterprise, oracleStandardTwo, oracleEnterprise, mysql } = ConsolidatedRdsEngine;

function build(engine: ConsolidatedRdsEngine, props: Partial<ConsolidatedRdsInstanceProps> = {}) {
  const stack = new Stack(new App(), 'Test');
  const vpc = new ec2.Vpc(stack, 'Vpc');
  const database = new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, engine, ...props });
  return { stack, database, template: Template.fromStack(stack) };
}

describe('an instance of SQL Server', () => {
  it.each([
    [sqlServerStandard(), 'sqlserver-se', 'db.m6i.large'],
    [sqlServerEnterprise(), 'sqlserver-ee', 'db.m6i.xlarge'],
  ])('is Multi-AZ, with its licence and TLS required: %#', (engine, name, instanceClass) => {
    const { database, template } = build(engine);
    template.hasResourceProperties('AWS::RDS::DBInstance', {
      Engine: name,
      EngineVersion: '16.00.4236.2.v1',
      DBInstanceClass: instanceClass,
      LicenseModel: 'license-included',
      MultiAZ: true,
      StorageEncrypted: true,
      Port: '1433',
      // RDS refuses the name of a database for SQL Server.
      DBName: Match.absent(),
      EnableCloudwatchLogsExports: ['error'],
    });
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: `${name}-16.0`,
      Parameters: { 'rds.force_ssl': '1' },
    });
    template.resourceCountIs('AWS::RDS::OptionGroup', 0);
    expect(database.engine).toBe(MobiLinkEngine.SQL_SERVER);
    expect(database.maximumConnections).toBe(32_767);
    expect(database.connections.defaultPort?.toString()).toBe('1433');
  });

  it('sets the number of connections where it is given', () => {
    const { database, template } = build(sqlServerStandard({ maximumConnections: 900 }));
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Parameters: { 'rds.force_ssl': '1', 'user connections': '900' },
    });
    expect(database.maximumConnections).toBe(900);
  });

  it('is reached by every address of the listener, with its certificate checked', () => {
    const { stack, database } = build(sqlServerStandard(), { databaseName: 'sales' });
    const endpoint = { 'Fn::GetAtt': [expect.stringContaining('ConsolidatedInstance'), 'Endpoint.Address'] };
    expect(stack.resolve(database.odbc.render())).toEqual({
      Server: { 'Fn::Join': ['', ['tcp:', endpoint, ',1433']] },
      Database: 'sales',
      Encrypt: 'yes',
      TrustServerCertificate: 'no',
      MultiSubnetFailover: 'Yes',
      ConnectRetryCount: '0',
      KeepAlive: '5',
      KeepAliveInterval: '1',
    });
  });
});

describe('an instance of Oracle', () => {
  it.each([
    [oracleStandardTwo(), 'oracle-se2', 'bring-your-own-license'],
    [oracleStandardTwo({ licenceIncluded: true }), 'oracle-se2', 'license-included'],
    [oracleEnterprise(), 'oracle-ee', 'bring-your-own-license'],
  ])('is Multi-AZ, and lets nobody in but by TLS: %#', (engine, name, licence) => {
    const { database, template } = build(engine);
    template.hasResourceProperties('AWS::RDS::DBInstance', {
      Engine: name,
      LicenseModel: licence,
      MultiAZ: true,
      Port: '1521',
      DBName: 'MOBILINK',
      OptionGroupName: { Ref: Match.stringLikeRegexp('Options') },
    });
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: `${name}-19`,
      Parameters: { processes: '650', 'sqlnetora.sqlnet.expire_time': '2' },
    });
    template.hasResourceProperties('AWS::RDS::OptionGroup', {
      OptionConfigurations: [
        {
          OptionName: 'SSL',
          Port: 2484,
          OptionSettings: [
            { Name: 'SQLNET.SSL_VERSION', Value: '1.2' },
            { Name: 'SQLNET.CIPHER_SUITE', Value: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' },
          ],
        },
      ],
    });
    expect(database.engine).toBe(MobiLinkEngine.ORACLE);
    expect(database.maximumConnections).toBe(500);
    expect(database.connections.defaultPort?.toString()).toBe('2484');
  });

  it('gives its option another port, and no security group of its own', () => {
    const { stack, database, template } = build(oracleEnterprise(), { port: 12484, databaseName: 'SALES' });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    template.hasResourceProperties('AWS::RDS::OptionGroup', {
      OptionConfigurations: [Match.objectLike({ Port: 12484, VpcSecurityGroupMemberships: [Match.anyValue()] })],
    });
    expect(stack.resolve(database.odbc.render())).toMatchObject({ PORT: '12484', SERVICE_NAME: 'SALES' });
  });
});

const arm = new ec2.InstanceType('m7g.large');

describe('what does not go with an engine', () => {
  it.each<[string, ConsolidatedRdsEngine, Partial<ConsolidatedRdsInstanceProps>, RegExp]>([
    [
      'Graviton',
      sqlServerStandard(),
      { instanceType: arm },
      /InstanceArchitecture\] instanceType: .*Standard on Graviton.*m6i\.large/,
    ],
    ['Graviton', oracleEnterprise(), { instanceType: arm }, /InstanceArchitecture\].*Oracle Enterprise Edition/],
    ['the port without TLS', oracleEnterprise(), { port: 1521 }, /Port\] port: must not be 1521, where Oracle/],
    ['nine letters', oracleEnterprise(), { databaseName: 'SALESDATA' }, /DatabaseName\].*1 to 8 capital.*MOBILINK/],
    ['small letters', oracleEnterprise(), { databaseName: 'sales' }, /DatabaseName\]/],
    ['hyphens', sqlServerStandard(), { databaseName: 'a-b' }, /DatabaseName\].*'mobilink'/],
    [
      'a version without availability groups',
      sqlServerStandard({ version: rds.SqlServerEngineVersion.VER_15_00_4043_16_V1 }),
      {},
      /EngineVersion\] engine\.version: .*15\.00\.4073\.23.*VER_16/,
    ],
    ['half a version', sqlServerStandard({ version: rds.SqlServerEngineVersion.VER_16 }), {}, /EngineVersion\]/],
    [
      'an old one',
      sqlServerStandard({ version: rds.SqlServerEngineVersion.of('14.00.3520.4.v1', '14.00') }),
      {},
      /EngineVersion\]/,
    ],
    ['21c', oracleEnterprise({ version: rds.OracleEngineVersion.VER_21_0_0_0_2025_07_R1 }), {}, /EngineVersion\].*19c/],
    [
      'too many',
      sqlServerStandard({ maximumConnections: 40_000 }),
      {},
      /MaximumConnections\].*32767.*engine's own limit/,
    ],
    ['too many', oracleStandardTwo({ maximumConnections: 20_000 }), {}, /MaximumConnections\].*19850/],
    ['too few', oracleStandardTwo({ maximumConnections: 5 }), {}, /MaximumConnections\]/],
    ['an hour and more', oracleStandardTwo({ deadPeerMinutes: 61 }), {}, /DeadPeer\].*from 1 to 60/],
    [
      'our parameter',
      sqlServerStandard({ parameters: { 'rds.force_ssl': '0' } }),
      {},
      /OwnedParameter\].*TLS is always/,
    ],
    ['our parameter', oracleEnterprise({ parameters: { processes: '9' } }), {}, /OwnedParameter\].*maximumConnections/],
    ['capitals', oracleEnterprise({ parameters: { PROCESSES: '9' } }), {}, /ParameterName\].*Oracle/],
  ])('%s', (_what, engine, props, message) => {
    expect(() => build(engine, props)).toThrow(message);
  });

  it.each([sqlServerStandard(), sqlServerEnterprise(), oracleStandardTwo(), oracleEnterprise()])(
    'a cluster: %#',
    (engine) => {
      const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
      const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['a', 'b', 'c'].map((it) => `eu-central-1${it}`) });
      expect(() => new ConsolidatedRdsCluster(stack, 'Consolidated', { vpc, engine })).toThrow(
        /ClusterEngine\] engine: must be MySQL.*Fix: use ConsolidatedRdsInstance/,
      );
    },
  );

  it.each([sqlServerStandard(), oracleStandardTwo(), mysql()])('nothing, for usual parameters: %#', (engine) => {
    expect(() => build(engine)).not.toThrow();
  });
});

describe('products that are refused', () => {
  it.each([
    ['postgres', /^PostgreSQL: MobiLink cannot use it .*Fix: use MySQL/],
    ['mariadb', /^MariaDB: MobiLink cannot use it/],
    ['aurora-mysql', /^Aurora MySQL: .*Fix: use an instance or a Multi-AZ DB cluster of RDS for MySQL/],
    ['aurora-postgresql', /^Aurora PostgreSQL/],
    ['db2-se', /^Db2: .*customer numbers.*fromOdbc/],
    ['DB2-AE', /^Db2/],
    ['sqlserver-ex', /^SQL Server Express/],
    ['sqlserver-web', /Standard or the Enterprise/],
    ['custom-oracle-ee', /^RDS Custom/],
  ])('%s', (name, words) => {
    expect(ConsolidatedRdsEngine.whyRefused(name)).toMatch(words);
  });

  it.each(['mysql', 'sqlserver-se', 'sqlserver-ee', 'oracle-se2', 'oracle-ee', 'oracle-ee-cdb'])('not %s', (name) => {
    expect(ConsolidatedRdsEngine.whyRefused(name)).toBeUndefined();
  });
});

describe('an instance that exists already', () => {
  const existing = (engine: rds.IInstanceEngine | undefined, product?: MobiLinkEngine, port?: number) => {
    const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
    const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Instance', {
      instanceIdentifier: 'erp',
      instanceEndpointAddress: 'erp.example',
      port: 1,
      engine,
      securityGroups: [],
    });
    return ConsolidatedDatabase.fromRdsInstance(stack, 'Erp', {
      instance,
      engine: product,
      port,
      databaseName: 'SALES',
      mobiLinkLogin: secretsmanager.Secret.fromSecretNameV2(stack, 'Login', 'erp/mobilink'),
    });
  };
  const { DatabaseInstanceEngine } = rds;

  it.each([
    [DatabaseInstanceEngine.MYSQL, undefined, MobiLinkEngine.MYSQL, 3306],
    [DatabaseInstanceEngine.SQL_SERVER_EE, undefined, MobiLinkEngine.SQL_SERVER, 1433],
    [DatabaseInstanceEngine.ORACLE_SE2, undefined, MobiLinkEngine.ORACLE, 2484],
    [undefined, undefined, MobiLinkEngine.MYSQL, 3306],
    [undefined, MobiLinkEngine.ORACLE, MobiLinkEngine.ORACLE, 2484],
    [DatabaseInstanceEngine.SQL_SERVER_SE, MobiLinkEngine.SQL_SERVER, MobiLinkEngine.SQL_SERVER, 1433],
  ])('has the data source of its product: %#', (engine, product, expected, port) => {
    const database = existing(engine, product);
    expect([database.engine, database.odbc.engine, database.port]).toEqual([expected, expected, port]);
    expect(JSON.stringify(database.odbc.render())).toContain('erp.example');
    expect(existing(engine, product, 4711).odbc.render()).toEqual(
      JSON.parse(JSON.stringify(database.odbc.render()).replace(`${port}`, '4711')),
    );
  });

  it.each([
    [DatabaseInstanceEngine.POSTGRES, undefined, /EngineRefused\] instance\.engine: must not be PostgreSQL/],
    [DatabaseInstanceEngine.MARIADB, MobiLinkEngine.MYSQL, /EngineRefused\].*MariaDB/],
    [
      DatabaseInstanceEngine.MYSQL,
      MobiLinkEngine.ORACLE,
      /EngineMismatch\] engine: must be that of the instance, mysql/,
    ],
    [undefined, MobiLinkEngine.SQL_ANYWHERE, /EngineRefused\].*fromSqlAnywhere/],
  ])('is refused: %#', (engine, product, message) => {
    expect(() => existing(engine, product)).toThrow(message);
  });
});
