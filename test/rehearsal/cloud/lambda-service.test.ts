import { describe, expect, it } from 'vitest';
import {
  DEFAULT_ASYNC_INVOKE,
  type Invoker,
  LambdaService,
  type LambdaWorld,
  type ServedFunction,
} from '../../../rehearsal/cloud/lambda-service';
import type { Permission } from '../../../rehearsal/cloud/service';
import type { InvocationResult } from '../../../rehearsal/functions/function-runtime';
import { ACCOUNT, REGION } from './database';
import { QueueClock, taking } from './queue-clock';

const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:tracker`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/tracker`;
const GROUP = '/mobilink/tracker';
const GROUP_ARN = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:undelivered`;
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:ended`;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROLE_INVOKER: Invoker = { kind: 'role', roleArn: 'arn:aws:iam::111122223333:role/schedule' };

function served(overrides: Partial<ServedFunction> = {}): ServedFunction {
  return {
    description: {
      name: 'tracker',
      arn: ARN,
      roleArn: ROLE,
      assetFolder: 'nowhere',
      handler: 'index.handler',
      timeoutMillis: 150_000,
      memoryMiB: 256,
      environment: {},
      logGroup: GROUP,
    },
    asyncInvoke: DEFAULT_ASYNC_INVOKE,
    logGroupArn: GROUP_ARN,
    ...overrides,
  };
}

interface Staging {
  readonly fn?: Partial<ServedFunction>;
  /** How each run ends, the last one for all that follow. */
  readonly outcomes?: InvocationResult['outcome'][];
  readonly lasts?: number;
  readonly denied?: string;
  readonly world?: Partial<LambdaWorld>;
}

function stage({ fn, outcomes = ['returned'], lasts = 0, denied, world }: Staging = {}) {
  const clock = new QueueClock();
  const start = clock.now();
  const runs: { after: number; requestId: string; payload: unknown }[] = [];
  const ended: unknown[] = [];
  const troubles: string[] = [];
  const asked: Permission[] = [];
  const invokers: { invoker: Invoker; arn: string }[] = [];
  const verdict = (action: string, resource: string) => ({
    allowed: action !== denied,
    message: `not authorized to perform ${action} on ${resource}`,
  });
  const service = new LambdaService([served(fn)], {
    clock,
    latencies: taking(0),
    run: async (_, payload, requestId) => {
      const startedAt = clock.now();
      const outcome = outcomes[Math.min(runs.length, outcomes.length - 1)] ?? 'returned';
      const coldStart = runs.length === 0;
      runs.push({ after: startedAt - start, requestId, payload });
      if (lasts > 0) await new Promise<void>((resolve) => void clock.after(lasts, 'ends', resolve));
      const error = outcome === 'returned' ? undefined : { name: 'Error', message: `it ${outcome}` };
      const logs = [{ at: startedAt, text: `run ${runs.length}` }];
      return { requestId, outcome, error, value: 'done', logs, startedAt, endedAt: clock.now(), coldStart };
    },
    authorizeInvoke: (invoker, arn) => {
      invokers.push({ invoker, arn });
      return verdict('lambda:InvokeFunction', arn);
    },
    authorizeRole: (roleArn, permission) => {
      expect(roleArn).toBe(ROLE);
      asked.push(permission);
      return verdict(permission.action, permission.resource);
    },
    onEnded: (_, payload) => ended.push(payload),
    onTrouble: (what) => troubles.push(what),
    ...world,
  });
  return { service, clock, runs, ended, troubles, asked, invokers };
}

describe('an asynchronous invocation', () => {
  it('is run once when it ends well', async () => {
    const { service, clock, runs, ended, troubles } = stage();
    service.invokeAsync(ARN, { kind: 'tick' }, ROLE_INVOKER);
    await clock.run(HOUR);
    expect(runs).toMatchObject([{ after: 0, payload: { kind: 'tick' } }]);
    expect([ended, troubles]).toEqual([[{ kind: 'tick' }], []]);
  });

  it.each<[string, Staging, number[]]>([
    ['twice more by default, after a minute and two more', { outcomes: ['failed'] }, [0, 60, 180]],
    ['until it ends well', { outcomes: ['timed-out', 'returned'] }, [0, 60]],
    ['as often as is configured', { outcomes: ['failed'], fn: config(1, HOUR) }, [0, 60]],
    ['not at all when that is configured', { outcomes: ['killed'], fn: config(0, 60 * SECOND) }, [0]],
    ['no later than the age that is configured', { outcomes: ['failed'], fn: config(2, 100 * SECOND) }, [0, 60]],
  ])('is tried again %s', async (_, staging, seconds) => {
    const { service, clock, runs, ended } = stage(staging);
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(24 * HOUR);
    expect(runs.map(({ after }) => after / SECOND)).toEqual(seconds);
    expect(new Set(runs.map(({ requestId }) => requestId)).size).toBe(1);
    expect(ended).toHaveLength(seconds.length);
  });

  it('has a request id of its own', async () => {
    const { service, clock, runs } = stage();
    service.invokeAsync(ARN, 'one', ROLE_INVOKER);
    service.invokeAsync(ARN, 'two', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(new Set(runs.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it.each([
    ['the function', ARN],
    ['a version of it', `${ARN}:7`],
    ['an alias of it', `${ARN}:live`],
  ])('may be asked for %s, and permission is asked for just that', async (_, arn) => {
    const { service, clock, runs, invokers } = stage();
    const invoker: Invoker = { kind: 'service', principal: 'events.amazonaws.com', sourceArn: 'rule' };
    service.invokeAsync(arn, 'event', invoker);
    await clock.run(HOUR);
    expect(runs).toHaveLength(1);
    expect(invokers).toEqual([{ invoker, arn }]);
  });

  it('is refused without permission, and told of', async () => {
    const { service, clock, runs, troubles } = stage({ denied: 'lambda:InvokeFunction' });
    const message = `not authorized to perform lambda:InvokeFunction on ${ARN}`;
    const refused = () => service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    expect(refused).toThrow(expect.objectContaining({ code: 'AccessDeniedException', statusCode: 403, message }));
    await clock.run(HOUR);
    expect([runs, troubles]).toEqual([[], [message]]);
  });

  it('of a function that is not there is refused by its name', () => {
    const { service, troubles } = stage();
    expect(() => service.invokeAsync(ARN.replace('tracker', 'other'), 'event', ROLE_INVOKER)).toThrow(
      expect.objectContaining({ code: 'ResourceNotFoundException' }),
    );
    expect(troubles).toEqual([`there is no function ${ARN.replace('tracker', 'other')}`]);
  });
});

describe('an invocation that somebody waits for', () => {
  it('ends with what the function returned, and is logged', async () => {
    const { service, runs, ended } = stage();
    const result = await service.invokeSync(ARN, 'event');
    expect(result).toMatchObject({ outcome: 'returned', value: 'done' });
    expect([runs.length, ended]).toEqual([1, ['event']]);
    expect(service.logs.lines(GROUP)).toHaveLength(4);
  });

  it('is not tried again, and goes to no destination', async () => {
    const { service, clock, runs } = stage({ outcomes: ['failed'], fn: { destinations: { onFailure: QUEUE } } });
    expect(await service.invokeSync(ARN, 'event')).toMatchObject({ outcome: 'failed' });
    await clock.run(HOUR);
    expect(runs).toHaveLength(1);
    expect(service.destinations.sent).toEqual([]);
  });

  it('is throttled by the reserved concurrency, in which it counts', async () => {
    const { service, clock, runs } = stage({ fn: { reservedConcurrency: 1 }, lasts: 10 * SECOND });
    const one = service.invokeSync(ARN, 'one');
    expect(await service.invokeSync(ARN, 'two')).toBeUndefined();
    await clock.run(11 * SECOND);
    expect(await one).toMatchObject({ outcome: 'returned' });
    const three = service.invokeSync(ARN, 'three');
    await clock.run(11 * SECOND);
    expect(await three).toMatchObject({ outcome: 'returned' });
    expect(runs.map(({ payload }) => payload)).toEqual(['one', 'three']);
  });
});

describe('reserved concurrency', () => {
  it('holds back what is too much, and tries it again ever more seldom', async () => {
    const { service, clock, runs } = stage({ fn: { reservedConcurrency: 1 }, lasts: 10 * SECOND });
    service.invokeAsync(ARN, 'one', ROLE_INVOKER);
    service.invokeAsync(ARN, 'two', ROLE_INVOKER);
    await clock.run(HOUR);
    // After 1, 2, 4 and 8 s: the first run has ended by then.
    expect(runs.map(({ after, payload }) => [payload, after / SECOND])).toEqual([
      ['one', 0],
      ['two', 15],
    ]);
  });

  it('leaves an event all its retries', async () => {
    const fn = { reservedConcurrency: 1, ...config(1, HOUR) };
    const { service, clock, runs } = stage({ fn, lasts: 10 * SECOND, outcomes: ['returned', 'failed'] });
    service.invokeAsync(ARN, 'one', ROLE_INVOKER);
    service.invokeAsync(ARN, 'two', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(runs.map(({ payload, after }) => [payload, after / SECOND])).toEqual([
      ['one', 0],
      ['two', 15],
      ['two', 85],
    ]);
  });

  it('does not keep an event from growing too old', async () => {
    const fn = { reservedConcurrency: 1, ...config(0, 60 * SECOND) };
    const { service, clock, runs, troubles } = stage({ fn, lasts: HOUR });
    service.invokeAsync(ARN, 'one', ROLE_INVOKER);
    service.invokeAsync(ARN, 'two', ROLE_INVOKER);
    await clock.run(2 * HOUR);
    expect(runs.map(({ payload }) => payload)).toEqual(['one']);
    expect(troubles).toEqual(['an event for tracker is dropped: it would be older than 60 s']);
  });

  it('of zero switches the function off', async () => {
    const fn = { reservedConcurrency: 0, destinations: { onFailure: QUEUE } };
    const { service, clock, runs, troubles } = stage({ fn });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(runs).toEqual([]);
    expect(troubles).toEqual(['tracker is switched off by its reserved concurrency of 0: an event is dropped']);
    expect(service.destinations.sent).toMatchObject([{ arn: QUEUE }]);
  });
});

describe('destinations', () => {
  const destinations = { onSuccess: TOPIC, onFailure: QUEUE, deadLetter: TOPIC };

  it('get what became of an event, after the last retry', async () => {
    const { service, clock, asked } = stage({ fn: { destinations }, outcomes: ['failed'] });
    service.invokeAsync(ARN, { kind: 'tick' }, ROLE_INVOKER);
    await clock.run(HOUR);
    expect(service.destinations.sent).toMatchObject([
      {
        arn: QUEUE,
        body: {
          requestContext: { functionArn: `${ARN}:$LATEST`, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
          requestPayload: { kind: 'tick' },
          responseContext: { functionError: 'Unhandled' },
          responsePayload: { errorMessage: 'it failed' },
        },
      },
      { arn: TOPIC, body: { kind: 'tick' } },
    ]);
    expect(asked).toContainEqual({ action: 'sqs:SendMessage', resource: QUEUE });
    expect(asked).toContainEqual({ action: 'sns:Publish', resource: TOPIC });
  });

  it('of success get it once', async () => {
    const { service, clock } = stage({ fn: { destinations } });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(service.destinations.sent).toMatchObject([
      { arn: TOPIC, body: { requestContext: { condition: 'Success' }, responsePayload: 'done' } },
    ]);
  });

  it('get nothing without the permission of the role, and that is told', async () => {
    const { service, clock, troubles } = stage({
      fn: { destinations: { onFailure: QUEUE }, ...config(0, HOUR) },
      outcomes: ['failed'],
      denied: 'sqs:SendMessage',
    });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(service.destinations.sent).toEqual([]);
    expect(troubles).toEqual([
      `what became of an event of tracker is lost: not authorized to perform sqs:SendMessage on ${QUEUE}`,
    ]);
  });

  it('that Lambda does not know are refused by name', () => {
    const onFailure = 'arn:aws:states:eu-central-1:111122223333:stateMachine:x';
    expect(() => stage({ fn: { destinations: { onFailure } } })).toThrow(
      `tracker: Lambda knows no destination ${onFailure}`,
    );
  });
});

describe('the role of a function', () => {
  it('must trust Lambda', () => {
    const mayAssume = (service: string, roleArn: string, sourceArn: string) => {
      expect([service, roleArn, sourceArn]).toEqual(['lambda.amazonaws.com', ROLE, ARN]);
      return { allowed: false, message: 'nobody may' };
    };
    expect(() => stage({ world: { mayAssume } })).toThrow(
      `tracker: the role ${ROLE} cannot be assumed by Lambda: nobody may`,
    );
  });
});

describe('the log', () => {
  it('is written in the name of the role, a stream for an environment', async () => {
    const { service, clock, asked } = stage({ outcomes: ['failed', 'returned'] });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    const stream = expect.stringMatching(/:log-stream:2026\/01\/05\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(asked).toEqual([
      { action: 'logs:CreateLogStream', resource: stream },
      { action: 'logs:PutLogEvents', resource: stream },
      { action: 'logs:PutLogEvents', resource: stream },
    ]);
    expect(new Set(asked.map(({ resource }) => resource)).size).toBe(1);
    expect(asked[0]?.resource.startsWith(GROUP_ARN)).toBe(true);
    const texts = service.logs.lines(GROUP).map(({ text }) => text.replace(/[0-9a-f-]{36}/, 'ID'));
    expect(texts).toEqual([
      'START RequestId: ID Version: $LATEST',
      'run 1',
      'ID it failed',
      'END RequestId: ID',
      'REPORT RequestId: ID\tDuration: 0.00 ms',
      'START RequestId: ID Version: $LATEST',
      'run 2',
      'END RequestId: ID',
      'REPORT RequestId: ID\tDuration: 0.00 ms',
    ]);
  });

  it.each([
    ['logs:PutLogEvents', ['logs:CreateLogStream', 'logs:PutLogEvents']],
    ['logs:CreateLogStream', ['logs:CreateLogStream']],
  ])('is lost without %s, which is told, and the function runs on', async (denied, actions) => {
    const { service, clock, runs, troubles, asked } = stage({ denied });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(runs).toHaveLength(1);
    expect(service.logs.lines(GROUP)).toEqual([]);
    expect(asked.map(({ action }) => action)).toEqual(actions);
    expect(troubles).toEqual([
      expect.stringContaining(
        `the log of tracker in ${GROUP} is lost: not authorized to perform ${denied} on ${GROUP_ARN}`,
      ),
    ]);
  });

  it.each([
    ['may', undefined, 4],
    ['may not', 'logs:CreateLogGroup', 0],
  ])('makes a group that is missing if it %s', async (_, denied, lines) => {
    const { service, clock, asked } = stage({ fn: { logGroupArn: undefined }, denied });
    service.invokeAsync(ARN, 'event', ROLE_INVOKER);
    await clock.run(HOUR);
    expect(asked[0]).toEqual({ action: 'logs:CreateLogGroup', resource: GROUP_ARN });
    expect(service.logs.lines(GROUP)).toHaveLength(lines);
  });
});

function config(maximumRetryAttempts: number, maximumEventAgeMillis: number) {
  return { asyncInvoke: { maximumRetryAttempts, maximumEventAgeMillis } };
}
