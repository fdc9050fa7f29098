import { CfnResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CloudEvent } from '../../../rehearsal/cloud/event-bus-event';
import type { Fault } from '../../../rehearsal/cloud/wire-faults';
import { WIRE_HOST } from '../../../rehearsal/functions/protocol';
import { transportFindings } from '../../../rehearsal/report/findings';
import { Authority } from '../../../rehearsal/world/authority';
import { ACCOUNT, type QueuedApp, QueuedBundles, type QueuedWorld, REGION } from './queued-app';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const START = Date.UTC(2026, 0, 5, 9, 0, 0);

let bundles: QueuedBundles;
beforeAll(async () => {
  bundles = await QueuedBundles.build();
});
afterAll(() => bundles.remove());

async function started(edit?: (app: QueuedApp) => void, seed?: number): Promise<QueuedWorld> {
  const queued = await bundles.start(bundles.deploy(edit), seed);
  onTestFinished(() => queued.world.dispose());
  return queued;
}

const slot = (minute: number) => `${new Date(START + minute * MINUTE).toISOString().replace('.000Z', 'Z')}/0`;
const slots = (count: number) => Array.from({ length: count }, (_, index) => slot(index + 1));

const unscheduled = (app: QueuedApp) => {
  app.schedule.state = 'DISABLED';
};

const rdsEvent: CloudEvent = {
  version: '0',
  id: 'one',
  'detail-type': 'RDS DB Instance Event',
  source: 'aws.rds',
  account: ACCOUNT,
  time: '2026-01-05T09:00:00Z',
  region: REGION,
  resources: [],
  detail: { EventID: 'RDS-EVENT-0169' },
};

/** Removes the statements that name an action from the role's policies. */
function forbid(role: iam.IRole, action: string): void {
  const policy = role.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy;
  const { Statement } = (role.node.findChild('DefaultPolicy') as iam.Policy).document.toJSON() as {
    Statement: { Action: string | string[] }[];
  };
  policy.policyDocument = {
    Version: '2012-10-17',
    Statement: Statement.map((it) => ({ ...it, Action: [it.Action].flat().filter((own) => own !== action) })).filter(
      ({ Action }) => Action.length > 0,
    ),
  };
}

describe('an app with queues', () => {
  it('works off what its schedule sends, with every permission that it has and no other', async () => {
    const queued = await started();
    const { world } = queued;
    world.bus.emit(rdsEvent);
    await world.clock.run(6 * MINUTE);
    const done = await queued.done();
    expect(done.map((it) => it.done)).toEqual(slots(5).slice(0, done.length));
    expect(done.length).toBeGreaterThanOrEqual(4);
    for (const [index, { receives, at }] of done.entries()) {
      expect(receives).toBe(1);
      // Sent within its minute, delayed by 30 s, and some seconds for calls and cold starts.
      expect(at - (START + (index + 1) * MINUTE)).toBeGreaterThan(30 * SECOND);
      expect(at - (START + (index + 1) * MINUTE)).toBeLessThan(MINUTE + 35 * SECOND);
    }
    expect(queued.troubles.filter((it) => !it.includes('it always does'))).toEqual([]);
    expect(queued.authority.report()).toEqual({ neverUsed: [], denied: [] });
    const sent = world.wire.requests.entries.filter(({ service }) => service === 'sqs');
    expect(new Set(sent.map(({ headers }) => headers.host))).toEqual(new Set([WIRE_HOST]));
  });

  it('passes on a batch', async () => {
    const queued = await started(unscheduled);
    queued.world.queues.sqs.put(queued.arn('Orders'), { body: '{"order":"large","parts":7}', senderId: 'test' });
    await queued.world.clock.run(MINUTE);
    expect((await queued.done()).map(({ done }) => done)).toEqual([0, 1, 2, 3, 4, 5, 6].map((part) => `large/${part}`));
  });

  it('gives what it cannot work off to the dead-letter queue, from where it can be redriven', async () => {
    const queued = await started(unscheduled);
    const { sqs } = queued.world.queues;
    const poison = { body: 'poison', senderId: 'test' };
    sqs.put(queued.arn('Orders'), poison);
    await queued.world.clock.run(10 * MINUTE);
    expect(queued.bodies('DeadOrders')).toEqual(['poison']);
    expect(queued.world.ended.map(({ result }) => result.outcome)).toEqual(['failed', 'failed', 'failed']);
    expect(queued.troubles.at(-1)).toMatch(
      /^a message in Queued-Orders.* was received 3 times and goes to its dead-letter/,
    );
    expect(sqs.redrive(queued.arn('DeadOrders'))).toBe(1);
    await queued.world.clock.run(MINUTE);
    expect(queued.world.ended).toHaveLength(4);
    expect(queued.bodies('DeadOrders')).toEqual([]);
  });

  it.each<[Fault['effect']['kind'], number]>([
    ['kill-before', 1],
    ['kill-after', 2],
    ['hang', 1],
  ])('loses nothing when a function is struck by %s while it sends', async (kind, sends) => {
    const queued = await started(unscheduled);
    const { world } = queued;
    const effect = { kind } as Fault['effect'];
    world.wire.faults.push({ matches: ({ operation }) => operation === 'SendMessage', effect, times: 1 });
    world.queues.sqs.put(queued.arn('Orders'), { body: '{"order":"one"}', senderId: 'test' });
    await world.clock.run(100 * SECOND);
    expect(queued.counts('Orders')?.inFlight).toBe(1);
    await world.clock.run(3 * MINUTE);
    expect((await queued.done()).map(({ done }) => done)).toEqual(['one/0']);
    const second = world.ended.filter(({ functionName }) => functionName.includes('Second'));
    expect(second).toHaveLength(sends);
    expect(queued.counts('Orders')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(world.ended[0]?.result.outcome).toBe(kind === 'hang' ? 'timed-out' : 'killed');
  });

  it('makes the same requests from the same seed, with kills, repetitions and disorder, and others from another', async () => {
    const digest = async (seed: number) => {
      const queued = await started(undefined, seed);
      const { world } = queued;
      Object.assign(world.queues.sqs.faults, { duplicateProbability: 0.3, shuffled: true });
      let sends = 0;
      world.wire.faults.push({
        matches: ({ operation }) => operation === 'SendMessage' && ++sends % 3 === 0,
        effect: { kind: 'kill-after' },
      });
      for (const order of ['a', 'b', 'c', 'd', 'e', 'f']) {
        const body = JSON.stringify({ order, parts: 3 });
        world.queues.sqs.put(queued.arn('Orders'), { body, senderId: 'test' });
      }
      await world.clock.run(8 * MINUTE);
      expect((await queued.done()).length).toBeGreaterThan(20);
      expect(world.ended.some(({ result }) => result.outcome === 'killed')).toBe(true);
      // What functions are given shows only in part in what they ask for.
      return `${world.wire.requests.digest()} ${JSON.stringify(world.ended.map(({ payload }) => payload))}`;
    };
    const [one, again, other] = await Promise.all([digest(1), digest(1), digest(2)]);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });
});

describe('a mapping that is switched off', () => {
  it('delivers nothing, and its function is not run', async () => {
    const queued = await started(({ orders }) => {
      if (orders.mapping) orders.mapping.enabled = false;
    });
    await queued.world.clock.run(3 * MINUTE);
    expect(queued.counts('Orders')?.visible).toBeGreaterThan(0);
    expect(queued.world.functions.map(({ description }) => description.handler)).not.toContain('queue-steps.first');
    expect(queued.troubles).toEqual([]);
  });
});

describe('services put into a queue', () => {
  it('the event of a rule, and what became of an invocation that failed', async () => {
    const queued = await started(unscheduled);
    queued.world.bus.emit(rdsEvent);
    await queued.world.clock.run(5 * MINUTE);
    const bodies = queued.bodies('Heard').map((body) => JSON.parse(body));
    expect(bodies).toHaveLength(2);
    expect(bodies).toContainEqual(rdsEvent);
    expect(bodies).toContainEqual(
      expect.objectContaining({
        requestContext: expect.objectContaining({ condition: 'RetriesExhausted' }),
        requestPayload: rdsEvent,
      }),
    );
  });

  it('nothing of a rule that the queue’s policy does not let in', async () => {
    const queued = await started((app) => {
      unscheduled(app);
      removePolicy(app.heard);
    });
    queued.world.bus.emit(rdsEvent);
    await queued.world.clock.run(5 * MINUTE);
    expect(queued.bodies('Heard').map((body) => JSON.parse(body).requestPayload)).toEqual([rdsEvent]);
    expect(queued.troubles).toContainEqual(
      expect.stringMatching(
        /^Service: events.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: .*Heard/,
      ),
    );
    expect(queued.world.bus.failed).toHaveLength(1);
  });

  it('what a schedule could not deliver, in the schedule’s role', async () => {
    const queued = await started((app) => {
      const { queueArn } = app.orders.dead;
      forbid(app.scheduleRole, 'sqs:SendMessage');
      app.schedule.target = { ...(app.schedule.target as object), deadLetterConfig: { arn: queueArn } } as never;
      const statement = new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queueArn] });
      new iam.Policy(app, 'Undelivered', { statements: [statement], roles: [app.scheduleRole] });
    });
    await queued.world.clock.run(2 * MINUTE);
    const [letter] = queued.world.queues.sqs.find(queued.arn('DeadOrders'))?.messages() ?? [];
    expect(JSON.parse(letter?.body ?? '')).toEqual({ order: '2026-01-05T09:01:00Z' });
    expect(letter?.attributes).toMatchObject({
      SCHEDULE_ARN: { DataType: 'String', StringValue: expect.stringContaining(':schedule/default/') },
      TARGET_ARN: { StringValue: queued.arn('Orders') },
      ERROR_CODE: { StringValue: 'AccessDeniedException' },
    });
    expect(letter?.senderId).toMatch(/^AROA[A-Z2-7]{17}:Queued-ScheduleRole/);
  });
});

function removePolicy(queue: sqs.Queue): void {
  const [policy] = queue.node.children.filter((it) => it.node.id === 'Policy');
  for (const child of policy?.node.findAll() ?? [])
    if (CfnResource.isCfnResource(child)) policy?.node.tryRemoveChild(child.node.id);
}

describe('a defect of the template', () => {
  it('of a time-out longer than the queue hides a message is refused as Lambda refuses it', async () => {
    const deployment = bundles.deploy(({ orders }) => {
      orders.resource.visibilityTimeout = 19;
    });
    await expect(bundles.start(deployment)).rejects.toThrow(
      'Queued/FirstMapping: Queue visibility timeout: 19 seconds is less than Function timeout: 20 seconds',
    );
  });

  it.each(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'])(
    'of a function whose role lacks %s is told, and nothing is delivered',
    async (action) => {
      const queued = await started(({ orders }) => orders.function?.role && forbid(orders.function.role, action));
      await queued.world.clock.run(3 * MINUTE);
      expect(queued.world.ended).toEqual([]);
      expect(queued.counts('Orders')?.visible).toBeGreaterThan(0);
      expect(queued.troubles).toEqual([
        expect.stringContaining(`does not have permissions to call ${action.slice(4)} on SQS`),
      ]);
      expect(queued.authority.report().denied).toMatchObject([{ action, resource: queued.arn('Orders') }]);
    },
  );

  it('of a schedule whose role may not send is told with each firing', async () => {
    const queued = await started(({ scheduleRole }) => forbid(scheduleRole, 'sqs:SendMessage'));
    await queued.world.clock.run(3 * MINUTE);
    expect(queued.world.ended).toEqual([]);
    expect(queued.troubles.length).toBeGreaterThan(0);
    for (const what of queued.troubles) expect(what).toContain('is not authorized to perform: sqs:SendMessage');
    expect(queued.authority.report().denied).toMatchObject([
      { action: 'sqs:SendMessage', resource: queued.arn('Orders') },
    ]);
  });

  it('of a queue without its policy stops nobody of the account, and is found all the same', async () => {
    const whole = bundles.deploy();
    expect(transportFindings(whole, await Authority.load(whole, []))).toEqual([]);
    const without = bundles.deploy(({ orders }) => removePolicy(orders.queue));
    const queued = await bundles.start(without);
    onTestFinished(() => queued.world.dispose());
    await queued.world.clock.run(4 * MINUTE);
    expect((await queued.done()).length).toBeGreaterThan(0);
    expect(transportFindings(without, queued.authority)).toEqual([
      `nothing in the policy of ${queued.arn('Orders')} denies messages over plain HTTP`,
    ]);
  });

  it('of a customer’s key that a sender may not use keeps its messages out', async () => {
    const keyed = (app: QueuedApp, actions: string[]) => {
      const key = new kms.Key(app, 'Key');
      app.orders.resource.kmsMasterKeyId = key.keyArn;
      const roles = [app.scheduleRole, app.orders.function?.role].filter((it) => it !== undefined);
      const statement = new iam.PolicyStatement({ actions, resources: [key.keyArn] });
      new iam.Policy(app, 'KeyPolicy', { statements: [statement], roles });
    };
    const out = await started((app) => keyed(app, ['kms:Decrypt']));
    await out.world.clock.run(3 * MINUTE);
    expect(out.troubles.every((it) => it.includes('is not authorized to perform: kms:GenerateDataKey'))).toBe(true);
    expect([out.world.ended, out.troubles.length > 0]).toEqual([[], true]);
    const within = await started((app) => keyed(app, ['kms:Decrypt', 'kms:GenerateDataKey']));
    await within.world.clock.run(3 * MINUTE);
    expect(within.troubles).toEqual([]);
    expect((await within.done()).length).toBeGreaterThan(0);
  });
});
