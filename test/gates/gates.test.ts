import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Preflight } from 'cdk-preflight';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  FarmExposure,
  MobiLinkImage,
  MobiLinkStream,
  MobiLinkSystem,
  RemoteRegistry,
} from '../../lib';
import { buildApp, RECOMMENDED_FLAGS, synthesize } from './app';

const STRICT = { '@aws-cdk/core:validateAgainstDefaultRules': true };
const outputs: string[] = [];

function outdir(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-gates-'));
  outputs.push(folder);
  return folder;
}

function withGates(app: App): App {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  Preflight.apply(app);
  return app;
}

/** A system and its database in one stack, as a consumer without stacks of their own would write it. */
function oneStack(context: Record<string, unknown>): App {
  const app = new App({ context: { ...STRICT, ...context }, outdir: outdir() });
  const stack = new Stack(app, 'Everything');
  const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
  vpc.addFlowLog('FlowLog');
  const system = new MobiLinkSystem(stack, 'MobiLink', {
    vpc,
    registry: new RemoteRegistry(stack, 'Registry'),
    database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
    streams: [MobiLinkStream.tcpip()],
    exposure: FarmExposure.internal({ clientCidrs: ['10.0.0.0/8'] }),
  });
  system.addSyncSchedule('Hourly', { schedule: ScheduleExpression.rate(Duration.hours(1)), groups: ['stores'] });
  return app;
}

describe('cdk-nag, CloudFormation Validate with errors on and cdk-preflight find nothing', () => {
  let before: string | undefined;
  beforeAll(() => {
    before = process.env.CDK_VALIDATION;
    delete process.env.CDK_VALIDATION;
  });
  afterAll(() => {
    process.env.CDK_VALIDATION = before;
    for (const folder of outputs) rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['no feature flags', {}],
    ['all recommended flags', RECOMMENDED_FLAGS],
    ['account and Region', withEnv()],
    ['a mirrored pair, no feature flags', { stage: 'pair' }],
    ['a mirrored pair, all recommended flags', { ...RECOMMENDED_FLAGS, stage: 'pair' }],
  ])('two stacks, %s', (_what, context) => {
    const app = withGates(buildApp({ ...STRICT, ...context }, { outdir: outdir() }));
    expect(synthesize(app)).toHaveLength(2);
  });

  it('the engines of RDS that no other stage has', () => {
    const app = new App({ context: STRICT, outdir: outdir() });
    const stack = new Stack(app, 'Engines', { env: { region: 'eu-central-1' } });
    const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
    vpc.addFlowLog('FlowLog');
    for (const [name, engine] of Object.entries({
      Standard: ConsolidatedRdsEngine.sqlServerStandard(),
      Enterprise: ConsolidatedRdsEngine.sqlServerEnterprise({ maximumConnections: 900 }),
      OracleStandardTwo: ConsolidatedRdsEngine.oracleStandardTwo({ licenceIncluded: true }),
      OracleEnterprise: ConsolidatedRdsEngine.oracleEnterprise(),
    })) {
      new ConsolidatedRdsInstance(stack, name, { vpc, engine });
    }
    expect(synthesize(withGates(app))).toHaveLength(1);
  });

  it.each([
    ['bothMirrored', {}],
    ['bothMirrored', RECOMMENDED_FLAGS],
    ['mirroredRemotes', {}],
    ['singleRemotes', RECOMMENDED_FLAGS],
    ['mirroredConsolidated', {}],
    ['singleConsolidated', {}],
  ])('with remotes, stage %s', (stage, flags) => {
    const app = withGates(buildApp({ ...STRICT, ...flags, stage }, { outdir: outdir() }));
    expect(synthesize(app)).toHaveLength(3);
  });

  it.each([
    ['no feature flags', {}],
    ['all recommended flags', RECOMMENDED_FLAGS],
  ])('one stack, %s', (_what, context) => {
    expect(synthesize(withGates(oneStack(context)))).toHaveLength(1);
  });

  it('they would have found something', () => {
    const app = withGates(oneStack({}));
    const stack = app.node.findChild('Everything') as Stack;
    const database = stack.node.findChild('Consolidated') as ConsolidatedRdsInstance;
    (database.instance.node.defaultChild as import('aws-cdk-lib/aws-rds').CfnDBInstance).multiAz = false;
    expect(() => app.synth()).toThrow(/[Vv]alidation/);
  });
});

function withEnv(): Record<string, unknown> {
  return {
    stage: 'there',
    'mobilink-ha': {
      defaultStage: 'there',
      stages: {
        there: {
          account: '111122223333',
          region: 'eu-central-1',
          availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
          farm: { image: { repositoryName: 'mobilink', tag: '17' } },
          schedules: [{ name: 'hourly', expression: 'rate(1 hour)' }],
        },
      },
    },
  };
}
