import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { build } from 'esbuild';
import { type Deployment, deploy } from '../../../rehearsal/assembly/deployment';
import { readAssembly } from '../../../rehearsal/assembly/manifest';
import { bundleBootstrap } from '../../../rehearsal/bundle-bootstrap';
import { WIRE_HOST } from '../../../rehearsal/functions/protocol';
import { Authority } from '../../../rehearsal/world/authority';
import { startedRoles } from '../../../rehearsal/world/started';
import { World } from '../../../rehearsal/world/world';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

/**
 * A schedule that sends an order each minute -> queue -> function -> delayed message -> queue -> function -> table, with
 * dead-letter queues; and beside it what else puts messages into queues: a rule, and the destination of a function.
 */
export class QueuedApp extends Stack {
  public readonly orders: WorkQueue;
  public readonly parts: WorkQueue;
  public readonly schedule: scheduler.CfnSchedule;
  public readonly scheduleRole: iam.Role;
  public readonly heard: sqs.Queue;

  constructor(app: App, code: string) {
    super(app, 'Queued');
    const table = new dynamodb.Table(this, 'Done', {
      partitionKey: { name: 'done', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.orders = new WorkQueue(this, 'Orders');
    this.parts = new WorkQueue(this, 'Parts');
    const first = this.worker('First', code, this.orders, { SECOND_QUEUE: this.parts.queue.queueUrl });
    allow(first, ['sqs:SendMessage'], this.parts.queue.queueArn, { Bool: { 'aws:SecureTransport': 'true' } });
    const second = this.worker('Second', code, this.parts, { TABLE: table.tableName });
    allow(second, ['dynamodb:PutItem'], table.tableArn);

    this.scheduleRole = new iam.Role(this, 'ScheduleRole', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com'),
    });
    const { queueArn } = this.orders.queue;
    this.scheduleRole.addToPolicy(new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queueArn] }));
    this.schedule = new scheduler.CfnSchedule(this, 'Schedule', {
      scheduleExpression: 'cron(* * * * ? *)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: queueArn,
        roleArn: this.scheduleRole.roleArn,
        input: '{"order":"<aws.scheduler.scheduled-time>"}',
      },
    });

    this.heard = new sqs.Queue(this, 'Heard', { enforceSSL: true });
    const rule = new events.Rule(this, 'Rule', { eventPattern: { source: ['aws.rds'] } });
    rule.addTarget(new targets.SqsQueue(this.heard));
    const failing = this.function('Failing', code, 'queue-steps.fails', {
      retryAttempts: 0,
      // Not SqsDestination: it grants more than Lambda uses.
      onFailure: { bind: () => ({ destination: this.heard.queueArn }) },
    });
    allow(failing, ['sqs:SendMessage'], this.heard.queueArn);
    rule.addTarget(new targets.LambdaFunction(failing));
    // Types that a system with queues has and that nothing here runs.
    new ssm.CfnDocument(this, 'Document', {
      content: { schemaVersion: '2.2', mainSteps: [] },
      documentType: 'Command',
    });
  }

  private worker(id: string, code: string, source: WorkQueue, environment: Record<string, string>): lambda.Function {
    const fn = this.function(id, code, `queue-steps.${id.toLowerCase()}`, { environment });
    allow(fn, ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], source.queue.queueArn);
    source.mapping = new lambda.CfnEventSourceMapping(this, `${id}Mapping`, {
      eventSourceArn: source.queue.queueArn,
      functionName: fn.functionName,
      batchSize: 1,
      scalingConfig: { maximumConcurrency: 2 },
    });
    source.function = fn;
    return fn;
  }

  private function(id: string, code: string, handler: string, own: Partial<lambda.FunctionProps>): lambda.Function {
    const role = new iam.Role(this, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = new logs.LogGroup(this, `${id}Log`, { removalPolicy: RemovalPolicy.DESTROY });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    return new lambda.Function(this, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler,
      code: lambda.Code.fromAsset(code),
      role,
      logGroup,
      timeout: Duration.seconds(20),
      ...own,
    });
  }
}

/** A queue, its dead-letter queue with an alarm, and who works it off. */
export class WorkQueue {
  public readonly queue: sqs.Queue;
  public readonly dead: sqs.Queue;
  public mapping?: lambda.CfnEventSourceMapping;
  public function?: lambda.Function;

  constructor(stack: Stack, id: string) {
    this.dead = new sqs.Queue(stack, `Dead${id}`, { enforceSSL: true, retentionPeriod: Duration.days(14) });
    this.queue = new sqs.Queue(stack, id, {
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(120),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: 3 },
    });
    new cloudwatch.Alarm(stack, `${id}Alarm`, {
      metric: this.dead.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      evaluationPeriods: 1,
    });
  }

  public get resource(): sqs.CfnQueue {
    return this.queue.node.defaultChild as sqs.CfnQueue;
  }
}

function allow(fn: lambda.Function, actions: string[], resource: string, conditions?: iam.Conditions): void {
  fn.addToRolePolicy(new iam.PolicyStatement({ actions, resources: [resource], conditions }));
}

/** The bundles, built once for all worlds of a test file, and the folders of their assemblies. */
export class QueuedBundles {
  private constructor(
    private readonly folder: string,
    private readonly bootstrap: string,
  ) {}

  public static async build(): Promise<QueuedBundles> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-queued-'));
    await build({
      entryPoints: [path.join(__dirname, '..', 'engine', 'bundle', 'queue-steps.ts')],
      outdir: path.join(folder, 'code'),
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      minify: true,
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    return new QueuedBundles(folder, await bundleBootstrap(folder));
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** @param edit what is different about this app */
  public deploy(edit: (app: QueuedApp) => void = () => {}): Deployment {
    const app = new App({ outdir: mkdtempSync(path.join(this.folder, 'assembly-')) });
    edit(new QueuedApp(app, path.join(this.folder, 'code')));
    const queueEndpoint = `http://${WIRE_HOST}`;
    return deploy(readAssembly(app.synth().directory), { accountId: ACCOUNT, region: REGION, queueEndpoint });
  }

  /** Brings the app to life; nothing has happened in it yet. */
  public async start(deployment: Deployment, seed = 1): Promise<QueuedWorld> {
    const authority = await Authority.load(deployment, startedRoles(deployment));
    const options = { deployment, authority, bootstrap: this.bootstrap, seed, accountId: ACCOUNT, region: REGION };
    return new QueuedWorld(await World.start(options), deployment, authority);
  }
}

export class QueuedWorld {
  constructor(
    public readonly world: World,
    private readonly deployment: Deployment,
    public readonly authority: Authority,
  ) {}

  /** The ARN of the queue with this construct id. */
  public arn(id: string): string {
    return (
      this.deployment.ofType('AWS::SQS::Queue').find(({ path: its }) => its === `Queued/${id}/Resource`)?.arn ?? ''
    );
  }

  public counts(id: string) {
    return this.world.queues.sqs.find(this.arn(id))?.counts();
  }

  public bodies(id: string): string[] {
    return (
      this.world.queues.sqs
        .find(this.arn(id))
        ?.messages()
        .map(({ body }) => body) ?? []
    );
  }

  public async done(): Promise<{ done: string; receives: number; at: number }[]> {
    const [table] = this.deployment.ofType('AWS::DynamoDB::Table');
    const items = await this.world.dynamoDb.items(table?.physicalId ?? '');
    return items
      .map((it) => ({ done: String(it.done?.S), receives: Number(it.receives?.N), at: Number(it.at?.N) }))
      .sort((a, b) => (a.done < b.done ? -1 : 1));
  }

  public get troubles(): string[] {
    return this.world.troubles.map(({ what }) => what);
  }
}
