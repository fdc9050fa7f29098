import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { STACK_ID } from '../custom-resource/loopback-stack';
import {
  type Course,
  ended,
  type Look,
  neverStarted,
  PreparationBench,
  refusal,
  TASK,
  TIMEOUT,
  taken,
  underWay,
} from './preparation-bench';

/* Waiting, failing and beginning again. */

const failedLine = (detail: string) => JSON.stringify({ time: '2026-11-23T10:00:00.000Z', event: 'failed', detail });
const DENIED = refusal('AccessDeniedException', 'not authorized to perform: ecs:RunTask', 400);
const THROTTLED = refusal('ThrottlingException', 'Rate exceeded', 400);

let bench: PreparationBench;
const tasks = (...courses: Course[]) => {
  bench = new PreparationBench(courses);
};

beforeEach(() => tasks({ looks: [underWay('PENDING'), underWay(), ended(0)] }));

describe('a database', () => {
  it.each(['Create', 'Update'])('is prepared by one task at %s', async (type) => {
    expect(await bench.ask(type)).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'prepared by StoreRegistration1A2B3C4D',
      StackId: STACK_ID,
      RequestId: 'ba8e9b4c-1f0e',
      LogicalResourceId: 'StoreRegistration1A2B3C4D',
    });
    expect(bench.tokens).toEqual(['ba8e9b4c-1f0e-1']);
    expect(bench.stopped).toEqual([]);
    expect(bench.now).toBeLessThan(12_000);
  });

  it('keeps the id of its resource', async () => {
    expect(await bench.ask('Update', { PhysicalResourceId: 'as before' })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'as before',
    });
  });

  it('stays as it is when the resource is deleted, whatever its properties are', async () => {
    expect(await bench.ask('Delete', { PhysicalResourceId: 'x' }, {})).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'x',
    });
    expect([...bench.tokens, ...bench.stopped, ...bench.streams]).toEqual([]);
  });

  it('is prepared by the same task when Lambda delivers the request again', async () => {
    await bench.ask();
    await bench.ask();
    expect(bench.tokens).toEqual(['ba8e9b4c-1f0e-1', 'ba8e9b4c-1f0e-1']);
    expect(bench.started.size).toBe(1);
  });

  it.each<[string, number, Course[]]>([
    [
      'the image could not be pulled at first',
      2,
      [{ looks: [underWay('PENDING'), neverStarted('CannotPull')] }, { looks: [ended(0)] }],
    ],
    ['its first two machines are taken away', 3, [{ looks: [taken] }, { looks: [taken] }, { looks: [ended(0)] }]],
    [
      'ECS does not know the task for a moment',
      1,
      [{ looks: [{ kind: 'unseen', reason: 'MISSING' }, underWay(), ended(0)] }],
    ],
    ['ECS gives no answer for a while', 1, [{ looks: [...Array(30).fill(THROTTLED), ended(0)] }]],
    ['it takes 12 minutes', 1, [{ looks: [...Array(70).fill(underWay()), ended(0)] }]],
  ])('is prepared though %s', async (_why, count, courses) => {
    tasks(...courses);
    expect(await bench.ask()).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.started.size).toBe(count);
  });

  it.each<[string, (Error | { noRoom: string })[], number]>([
    ['IAM does not know the roles yet', Array(20).fill(DENIED), 1],
    ['ECS is asked too often for minutes', Array(60).fill(THROTTLED), 1],
    ['ECS fails for minutes', Array(60).fill(refusal('ServerException', 'try again', 500)), 1],
    ['ECS cannot be reached for minutes', Array(60).fill(refusal('TimeoutError', 'no answer')), 1],
    ['there is no room for it for minutes', Array(60).fill({ noRoom: 'Capacity is unavailable' }), 61],
  ])('is prepared though %s', async (_why, refusals, attempt) => {
    bench.refusals.push(...refusals);
    expect(await bench.ask()).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.tokens.at(-1)).toBe(`ba8e9b4c-1f0e-${attempt}`);
    expect(bench.started.size).toBe(1);
  });
});

describe('a preparation that fails', () => {
  const reason = async () => {
    const { Status, Reason = '' } = await bench.ask();
    expect(Status).toBe('FAILED');
    return Reason;
  };

  it('is told with its last words, which may come late', async () => {
    const words = failedLine('syncmys.sql failed: ERROR 1064 at line 7');
    tasks({ looks: [ended(1)], log: [[], ['{"event":"running"}'], ['{"event":"running"}', words, 'bye']] });
    expect(await reason()).toBe(
      'The preparation of the database failed: syncmys.sql failed: ERROR 1064 at line 7 ' +
        '(exit code 1, Essential container in task exited). Task task/Farm/0, log Logs prepare/Prepare/0',
    );
    expect(bench.streams).toEqual(Array(3).fill('prepare/Prepare/0'));
  });

  it('is told with its last lines, when it could not say why', async () => {
    tasks({ looks: [ended(139)], log: [['one', 'two', 'three\t', '', 'four', 'Segmentation fault']] });
    expect(await reason()).toContain('failed: two three four Segmentation fault (exit code 139');
  });

  it('is told without words, when there are none or they cannot be read', async () => {
    tasks({ looks: [ended(137, 'OutOfMemoryError: Container killed')] });
    expect(await reason()).toContain('it said nothing (exit code 137, OutOfMemoryError: Container killed)');
    tasks({ looks: [ended(1)], log: [DENIED] });
    expect(await reason()).toContain('its log cannot be read: AccessDeniedException: not authorized');
  });

  it('is not begun again: what it did may stand half in the database', async () => {
    tasks({ looks: [ended(1)] }, { looks: [ended(0)] });
    await reason();
    expect(bench.started.size).toBe(1);
  });

  it('that never starts is given up after three tasks, with the reason', async () => {
    tasks({ looks: [neverStarted('TaskFailedToStart: CannotPullContainerError: not found')] });
    expect(await reason()).toMatch(/its container did not start: TaskFailedToStart: CannotPull.*\(task 3\)/);
    expect(bench.tokens.map((it) => it.at(-1))).toEqual(['1', '2', '3']);
  });

  it('that is begun again after there was no room has lost no task by that', async () => {
    tasks({ looks: [neverStarted('CannotPull')] }, { looks: [ended(0)] });
    bench.refusals.push(...Array(5).fill({ noRoom: 'Capacity is unavailable' }));
    expect(await bench.ask()).toMatchObject({ Status: 'SUCCESS' });
    expect(bench.started.size).toBe(2);
  });

  it('that may not be begun is given up after two minutes, with the reason', async () => {
    bench.refusals.push(DENIED);
    bench.isForEver = true;
    expect(await reason()).toBe(
      'The preparation of the database could not be started: AccessDeniedException: not authorized to perform: ecs:RunTask',
    );
    expect(bench.now).toBeGreaterThan(110_000);
    expect(bench.now).toBeLessThan(140_000);
  });

  it('that never finds room is given up in time', async () => {
    bench.refusals.push({ noRoom: 'Capacity is unavailable' });
    bench.isForEver = true;
    expect(await reason()).toContain('could not be started: Capacity is unavailable');
    expect(bench.now).toBeGreaterThan(700_000);
  });

  it('that does not end is stopped, and told while there is time to answer', async () => {
    tasks({ looks: [underWay()], log: [['{"event":"waiting","detail":"unreachable"}']] });
    expect(await reason()).toMatch(
      /has not ended in time: it is RUNNING; it said: .*unreachable.*It was stopped\. Task task/,
    );
    expect(bench.stopped).toEqual(['task/Farm/0']);
    expect(bench.now).toBeGreaterThan(740_000);
    expect(TIMEOUT - bench.now).toBeGreaterThan(60_000);
  });

  it('is told though it cannot be stopped', async () => {
    tasks({ looks: [underWay()] });
    bench.stopError = THROTTLED;
    expect(await reason()).toContain('It could not be stopped (ThrottlingException: Rate exceeded)');
  });

  it.each([
    ['no property at all', {}, /cluster: .*; taskDefinition: .*; subnets: /],
    ['no subnet', { ...TASK, subnets: [] }, /subnets: must not be empty/],
    ['an empty name', { ...TASK, container: '' }, /container: must not be empty/],
  ])('for %s begins nothing', async (_what, task, message) => {
    const answer = await bench.ask('Create', {}, task);
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(message) });
    expect(bench.tokens).toEqual([]);
  });

  it('for a request of another type begins nothing', async () => {
    expect(await bench.ask('Look')).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining("not 'Look'") });
    expect(bench.tokens).toEqual([]);
  });

  it('is told in what CloudFormation takes, and where to look', async () => {
    tasks({ looks: [ended(1, 'y'.repeat(100))], log: [[failedLine('x'.repeat(5_000))]] });
    const told = await reason();
    expect(told.length).toBeLessThanOrEqual(1_000);
    expect(told).toMatch(/x\.\.\. \(exit code 1, y+\)\. Task task\/Farm\/0, log Logs prepare\/Prepare\/0$/);
    tasks({ looks: [ended(1, 'y'.repeat(5_000))] });
    expect((await reason()).length).toBe(1_000);
  });
});

describe('whatever ECS does', () => {
  const look = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Look>(underWay('PENDING'), underWay()) },
    fc.constant<Look>({ kind: 'unseen', reason: 'MISSING' }),
    fc.constant<Look>(THROTTLED),
    fc.constant<Look>(neverStarted('no room')),
    fc.constant<Look>(ended(0)),
    fc.constantFrom(1, 64, 137).map((code) => ended(code)),
    fc.constant<Look>(taken),
  );
  const course = fc.record({
    looks: fc.array(look, { minLength: 1, maxLength: 100 }),
    log: fc.constantFrom([[failedLine('broken')]], [THROTTLED], []),
  });
  const refusals = fc.array(fc.constantFrom(DENIED, THROTTLED, { noRoom: 'no room' }), { maxLength: 30 });

  it('there is an answer in time, it is SUCCESS only if a task ended well, and no task is left alone', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(course, { minLength: 1, maxLength: 4 }), refusals, async (courses, refused) => {
        tasks(...courses);
        bench.refusals.push(...refused);
        const ends = new Map<string, boolean>();
        const { look: really, start } = bench.ports.tasks;
        Object.assign(bench.ports.tasks, {
          look: async (task: typeof TASK, arn: string) => {
            const sight = await really(task, arn);
            if (sight.kind === 'stopped') ends.set(arn, sight.exitCode === 0);
            return sight;
          },
          start: async (task: typeof TASK, token: string) => {
            // Whoever begins another one has seen the end of those before.
            expect(ends.size).toBe(bench.started.size);
            return start(task, token);
          },
        });
        const { Status } = await bench.ask();
        seen.add(Status);
        expect(TIMEOUT - bench.now).toBeGreaterThan(60_000);
        expect(Status === 'SUCCESS').toBe([...ends.values()].includes(true));
        const open = [...bench.started.values()].filter((arn) => !ends.has(arn));
        expect(bench.stopped).toEqual(open);
      }),
      { numRuns: 300 },
    );
    expect([...seen].sort()).toEqual(['FAILED', 'SUCCESS']);
  });
});
