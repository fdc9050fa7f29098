import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { readInvocation } from '../../lambda/track-primary/invocation';
import { lookEvery } from '../../lambda/track-primary/pace';
import { groupsOf } from '../../lambda/track-primary/rds-group';
import { ConsolidatedDatabase, ConsolidatedSqlAnywhere, type IConsolidatedDatabase, PrimaryTracker } from '../../lib';
import { targetInput } from '../../rehearsal/events/target-input';
import { rdsEvent } from '../track-primary/invocations';
import { mirrored, pairOf, vpcOf } from './pair-fixture';

const env = { account: '111122223333', region: 'eu-central-1' };

class Bench {
  public readonly stack = new Stack(new App(), 'Test', { env });
  private readonly login = secretsmanager.Secret.fromSecretNameV2(this.stack, 'Login', 'login');
  public readonly own = this.instance('own');

  public instance(identifier: string): IConsolidatedDatabase {
    const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(this.stack, `${identifier}Instance`, {
      instanceIdentifier: identifier,
      instanceEndpointAddress: `${identifier}.example.internal`,
      port: 3306,
      securityGroups: [],
    });
    return ConsolidatedDatabase.fromRdsInstance(this.stack, identifier, {
      instance,
      databaseName: 'main',
      mobiLinkLogin: this.login,
    });
  }

  public cluster(identifier: string): IConsolidatedDatabase {
    const cluster = rds.DatabaseCluster.fromDatabaseClusterAttributes(this.stack, `${identifier}Cluster`, {
      clusterIdentifier: identifier,
      clusterEndpointAddress: `${identifier}.example.internal`,
      port: 3306,
      securityGroups: [],
    });
    return ConsolidatedDatabase.fromRdsCluster(this.stack, identifier, {
      cluster,
      databaseName: 'main',
      mobiLinkLogin: this.login,
    });
  }

  /** A tracker of so many instances beside its own, and what of its template matters. */
  public tracking(count: number, rdsCallsPerSecond?: number) {
    const tracker = new PrimaryTracker(this.stack, 'Tracker', { database: this.own, rdsCallsPerSecond });
    const others = Array.from({ length: count }, (_, index) => this.instance(`other-${index}`));
    return { tracker, others, tracked: others.map((it) => tracker.track(it.node.id, it)) };
  }

  public get template(): Template {
    return Template.fromStack(this.stack);
  }
}

interface Rule {
  readonly EventPattern: { resources?: string[]; detail?: { databaseId?: string[] } };
  readonly Targets: { InputTransformer?: { InputTemplate: string; InputPathsMap: Record<string, string> } }[];
}

/** As CloudFormation would write it, in a partition and with the names of the template. */
function deployed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deployed);
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Join': join, Ref: ref } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  if (ref !== undefined) return ref === 'AWS::Partition' ? 'aws' : ref;
  if (join) return join[1].map(deployed).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, deployed(it)]));
}

/** The rules that lead events with their databases to the function. */
function ledBy(template: Template): Rule[] {
  const rules = Object.values(template.findResources('AWS::Events::Rule')).map((it) => deployed(it.Properties) as Rule);
  return rules.filter(({ Targets: [target] }) => target?.InputTransformer !== undefined);
}

function statements(template: Template): { Action: string | string[]; Resource: unknown; Condition?: unknown }[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
}

function memory(template: Template): number {
  const [found] = Object.values(template.findResources('AWS::Lambda::Function'));
  return found?.Properties.MemorySize;
}

describe('a tracker of several databases', () => {
  const bench = new Bench();
  const { tracker, others, tracked } = bench.tracking(30);
  const cluster = bench.cluster('cluster-1');
  const asCluster = tracker.track('Cluster', cluster);
  asCluster.onPrimaryChanged('Tell', { target: new targets.SqsQueue(new sqs.Queue(bench.stack, 'Queue')) });
  const { template } = bench;

  it('each tick brings all but its own to the function, which asks two questions for them', () => {
    const [schedule] = Object.values(template.findResources('AWS::Scheduler::Schedule'));
    const written = String(deployed(schedule?.Properties.Target.Input));
    const input = written.replace('<aws.scheduler.scheduled-time>', '2026-11-23T04:00:00Z');
    const invocation = readInvocation(JSON.parse(input));
    if (invocation.kind !== 'tick') throw new Error('not a tick');
    expect(invocation.others.map(({ databaseId }) => databaseId)).toEqual(
      [...others, cluster].map(({ databaseId }) => databaseId),
    );
    const listed = invocation.others.map(({ source }) => ({
      listed: { kind: source.kind as 'rds-instance' | 'rds-cluster', identifier: '' },
    }));
    expect(groupsOf(listed)).toHaveLength(2);
  });

  it('each rule names few databases by their ARNs, and brings the function these and the whole event', () => {
    const rules = ledBy(template);
    expect(rules.map(({ EventPattern }) => EventPattern.resources?.length)).toEqual([14, 14, 3]);
    const arns = [...others, cluster].map((it) =>
      deployed(bench.stack.resolve(it.primarySource.eventPattern.resources)),
    );
    expect(rules.flatMap(({ EventPattern }) => EventPattern.resources)).toEqual(arns.flat());
    for (const { EventPattern, Targets } of rules) {
      expect(JSON.stringify(EventPattern).length).toBeLessThan(2_048);
      expect(Targets[0]?.InputTransformer?.InputTemplate.length).toBeLessThan(8_192);
    }
    const [{ EventPattern, Targets } = { EventPattern: {}, Targets: [] }] = rules;
    const event = { ...rdsEvent('RDS-EVENT-0013', EventPattern.resources?.[3]), time: '2026-11-23T04:00:00Z' };
    const when = { ruleArn: 'arn', ruleName: 'rule', ingestedMillis: 0 };
    const invocation = readInvocation(targetInput(Targets[0] ?? {}, event, when));
    expect(invocation).toMatchObject({ kind: 'event-of-others', event });
    if (invocation.kind !== 'event-of-others') throw new Error('not an event');
    expect(invocation.others).toHaveLength(14);
    expect(invocation.others[3]).toEqual({
      databaseId: others[3]?.databaseId,
      source: deployed(bench.stack.resolve(others[3]?.primarySource.render())),
    });
  });

  it('may ask for all instances, since IAM sees no filter, and for the only cluster by its name', () => {
    const asked = statements(template).filter(({ Action }) => String(Action).startsWith('rds:'));
    const own = bench.own.primarySource.eventPattern.resources?.[0];
    const partition = { Ref: 'AWS::Partition' };
    expect(asked.map(({ Action }) => Action)).toEqual([
      'rds:DescribeDBInstances',
      'rds:DescribeDBInstances',
      'rds:DescribeDBClusters',
    ]);
    expect(asked[0]?.Resource).toEqual(bench.stack.resolve(own));
    expect(asked[1]?.Resource).toEqual({
      'Fn::Join': ['', ['arn:', partition, `:rds:${env.region}:${env.account}:db:*`]],
    });
    expect(asked[2]?.Resource).toEqual(bench.stack.resolve(cluster.primarySource.eventPattern.resources?.[0]));
  });

  it('may read the records of all databases at once', () => {
    const several = statements(template).filter(({ Action }) => Action.includes('dynamodb:BatchGetItem'));
    expect(several).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: bench.stack.resolve(tracker.table.tableArn),
      },
    ]);
  });

  it('hands each database out as one that is tracked, with its own record, metrics and events', () => {
    expect(tracked[0]?.databaseId).toBe(others[0]?.databaseId);
    expect(tracked[0]?.table).toBe(tracker.table);
    expect(asCluster.metricPolls().dimensions).toEqual({ DatabaseId: cluster.databaseId });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['mobilink-ha'], detail: { databaseId: [cluster.databaseId] } },
    });
  });
});

describe('what it takes', () => {
  it.each([
    [0, 256],
    [49, 256],
    [50, 512],
    [199, 512],
    [200, 1_024],
  ])('%i databases beside its own: %i MB', (count, megabytes) => {
    const bench = new Bench();
    bench.tracking(count);
    expect(memory(bench.template)).toBe(megabytes);
  });

  it('looks every ten seconds at as many as it takes', () => {
    // 40 rules of 14, and its own.
    expect(lookEvery(Math.ceil(561 / 100), 1.2)).toBe(10_000);
  });

  it('refuses one too many, and says why', () => {
    const { tracker } = new Bench().tracking(0);
    const bench = new Bench();
    for (let index = 0; index < 40 * 14; index++) tracker.track(`Other${index}`, bench.instance(`i-${index}`));
    expect(() => tracker.track('Last', bench.instance('last'))).toThrow(
      /\[MobiLink:Tracker:Full\] database: must fit: 40 rules.*Fix: make another PrimaryTracker/s,
    );
  });

  it('refuses one that it tracks already', () => {
    const bench = new Bench();
    const { tracker, others } = bench.tracking(1);
    for (const [id, database] of [
      ['Again', others[0]],
      ['Own', bench.own],
    ] as const) {
      expect(() => database && tracker.track(id, database)).toThrow('[MobiLink:Tracker:Twice]');
    }
  });

  it('refuses a pair outside of any network', () => {
    const { tracker } = new Bench().tracking(0);
    expect(() => tracker.track('Pair', mirrored().database)).toThrow('[MobiLink:Tracker:Vpc]');
  });

  it('tells the function its rate, and refuses one that it cannot keep', () => {
    const bench = new Bench();
    bench.tracking(0, 0.5);
    bench.template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { MOBILINK_RDS_CALLS_PER_SECOND: '0.5' } },
    });
    expect(() => new Bench().tracking(0, 0)).toThrow(
      '[MobiLink:Tracker:RdsRate] rdsCallsPerSecond: must be above 0, got 0',
    );
    const slow = new Bench();
    slow.tracking(100, 0.07);
    expect(() => slow.template).toThrow('[MobiLink:Tracker:RdsPace] rdsCallsPerSecond: must be at least 0.074');
  });
});

it('a tracker in the network of a pair may ask the pair too', () => {
  const bench = new Bench();
  const vpc = vpcOf(bench.stack);
  const tracker = new PrimaryTracker(bench.stack, 'Tracker', { database: bench.own, vpc });
  const database = new ConsolidatedSqlAnywhere(bench.stack, 'Consolidated', { database: pairOf(bench.stack, vpc) });
  tracker.track('Pair', database);
  const { template } = bench;
  expect(ledBy(template).map(({ EventPattern }) => EventPattern.detail?.databaseId)).toEqual([[database.databaseId]]);
  const actions = statements(template).flatMap(({ Action }) => Action);
  expect(actions).toContain('route53:ChangeResourceRecordSets');
});
