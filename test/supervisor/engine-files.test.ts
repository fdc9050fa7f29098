import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { provision } from '../../image/supervisor/provision';
import { ConsolidatedRdsEngine, ConsolidatedRdsInstance, MobiLinkImage, MobiLinkServerFarm } from '../../lib';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { MACHINE } from './surroundings';

/** What the farm's template tells the image, and the files that the image makes of it for each engine. */

const LOGIN = { username: 'mobilink', password: 'p^a-s.s_1' };

async function start(engine: ConsolidatedRdsEngine, login = LOGIN) {
  const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc');
  new MobiLinkServerFarm(stack, 'Farm', {
    vpc,
    database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc, engine }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
  });
  const [task] = Object.values(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition'));
  const told = task?.Properties.ContainerDefinitions[0].Environment as { Name: string; Value: unknown }[];
  const scratch = mkdtempSync(path.join(tmpdir(), 'mobilink-engine-'));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const environment = Object.fromEntries(told.map(({ Name, Value }) => [Name, resolved(Value)]));
  const configuration = parseConfiguration(
    {
      ...environment,
      SATMP: scratch,
      MOBILINK_CA_BUNDLE: '/opt/mobilink-ha/certificates.pem',
      MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN,
      MOBILINK_TASK_NAME: 'task',
    },
    MACHINE,
  );
  const secrets = { fetch: async () => ({ text: JSON.stringify(login), versionId: 'v1' }) };
  const provided = await provision(configuration, secrets, 1, () => 'abcdef');
  const read = (name: string) => readFileSync(path.join(provided.folder, name), 'utf8');
  return { provided, read };
}

/** What CloudFormation would put there, as far as it matters. */
function resolved(value: unknown): string {
  if (typeof value === 'string') return value;
  const joined = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return joined ? joined[1].map(resolved).join(joined[0]) : 'db.example.eu-central-1.rds.amazonaws.com';
}

describe('MySQL', () => {
  it('takes the login from the data source', async () => {
    const { provided, read } = await start(ConsolidatedRdsEngine.mysql());
    expect(read('odbc.ini')).toMatchInlineSnapshot(`
      "[mobilink]
      Driver=/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so
      CHARSET=utf8mb4
      SSLCA=/opt/mobilink-ha/certificates.pem
      SERVER=db.example.eu-central-1.rds.amazonaws.com
      PORT=3306
      DATABASE=mobilink
      FORCETLS=1
      SSLVERIFY=1
      UID=mobilink
      PWD=p^a-s.s_1
      "
    `);
    expect(read('options')).toMatch(/^-c\n"?DSN=mobilink"?\n/);
    expect(provided.asking).toBeUndefined();
  });
});

describe('SQL Server', () => {
  it.each([ConsolidatedRdsEngine.sqlServerStandard(), ConsolidatedRdsEngine.sqlServerEnterprise()])(
    'takes it from the options of mlsrv17, and sqlcmd from variables',
    async (engine) => {
      const { provided, read } = await start(engine);
      expect(read('odbc.ini')).toMatchInlineSnapshot(`
        "[mobilink]
        Driver=/opt/microsoft/msodbcsql18/lib64/libmsodbcsql.so
        Server=tcp:db.example.eu-central-1.rds.amazonaws.com,1433
        Database=mobilink
        Encrypt=yes
        TrustServerCertificate=no
        MultiSubnetFailover=Yes
        ConnectRetryCount=0
        KeepAlive=5
        KeepAliveInterval=1
        "
      `);
      expect(read('options')).toMatch(/^-c\n"DSN=mobilink;UID=mobilink;PWD=p\^a-s\.s_1"\n/);
      expect(statSync(path.join(provided.folder, 'options')).mode & 0o777).toBe(0o600);
      const { program, arguments: words = [], environment } = provided.asking ?? {};
      expect([program, ...words].join(' ')).toMatch(/^sqlcmd -D -S mobilink .* -Q SET NOCOUNT ON; SELECT /);
      expect(words.join(' ')).not.toContain(LOGIN.password);
      expect(environment).toEqual({ SQLCMDUSER: LOGIN.username, SQLCMDPASSWORD: LOGIN.password });
      expect(provided.environment).toMatchObject({
        SSL_CERT_FILE: '/opt/mobilink-ha/certificates.pem',
        PATH: expect.stringContaining('/opt/mssql-tools18/bin:'),
      });
      expect(JSON.stringify(provided.environment)).not.toContain(LOGIN.password);
    },
  );

  it.each([';', '}', '"', ' ', "'", '=', '\\'])(
    'refuses a password with %j, and does not repeat it',
    async (character) => {
      const login = { username: 'mobilink', password: `hidden${character}1` };
      const error = await start(ConsolidatedRdsEngine.sqlServerStandard(), login).then(
        () => undefined,
        (it: Error) => it,
      );
      expect(error?.message).toMatch(/password cannot stand in a connection string.*Fix:/);
      expect(error?.message).not.toContain('hidden');
    },
  );
});

describe('Oracle', () => {
  it.each([ConsolidatedRdsEngine.oracleStandardTwo(), ConsolidatedRdsEngine.oracleEnterprise()])(
    'takes it from the data source, and the way from files of its own',
    async (engine) => {
      const { provided, read } = await start(engine);
      expect(read('odbc.ini')).toMatchInlineSnapshot(`
        "[mobilink]
        Driver=/opt/sqlanywhere17/lib64/libdboraodbc17_r.so
        SID=mobilink
        ProcResults=yes
        UserID=mobilink
        Password=p^a-s.s_1
        "
      `);
      expect(read('tnsnames.ora')).toMatchInlineSnapshot(`
        "mobilink=(DESCRIPTION=(ENABLE=BROKEN)(TRANSPORT_CONNECT_TIMEOUT=3)(ADDRESS=(PROTOCOL=TCPS)(HOST=db.example.eu-central-1.rds.amazonaws.com)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=MOBILINK)))
        "
      `);
      expect(read('sqlnet.ora')).toMatchInlineSnapshot(`
        "WALLET_LOCATION=(SOURCE=(METHOD=FILE)(METHOD_DATA=(DIRECTORY=/opt/mobilink-ha/oracle-wallet)))
        SSL_CLIENT_AUTHENTICATION=FALSE
        SSL_VERSION=1.2
        SSL_SERVER_DN_MATCH=ON
        SQLNET.OUTBOUND_CONNECT_TIMEOUT=5
        DIAG_ADR_ENABLED=OFF
        "
      `);
      expect(read('options')).toMatch(/^-c\n"?DSN=mobilink"?\n/);
      expect(provided.environment).toMatchObject({
        TNS_ADMIN: provided.folder,
        LD_LIBRARY_PATH: expect.stringMatching(/lib64:\/opt\/oracle\/instantclient$/),
      });
    },
  );
});
