import { describe, expect, it } from 'vitest';
import { Chance } from '../../../rehearsal/cloud/chance';
import {
  EventBus,
  type EventBusWorld,
  type RuleDescription,
  type RuleTarget,
} from '../../../rehearsal/cloud/event-bus';
import type { CloudEvent } from '../../../rehearsal/cloud/event-bus-event';
import type { DeadLetter } from '../../../rehearsal/cloud/event-bus-targets';
import { type Call, ServiceError } from '../../../rehearsal/cloud/service';
import { readEventPattern } from '../../../rehearsal/events/event-pattern';
import { ACCOUNT, REGION } from './database';
import { QueueClock, taking } from './queue-clock';

const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:tracker`;
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:undelivered`;
const BUS = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus`;
const HOUR = 3600_000;

function rule(overrides: Partial<RuleDescription> = {}, target: Partial<RuleTarget> = {}): RuleDescription {
  return {
    name: 'database',
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/database`,
    matches: readEventPattern({ source: ['aws.rds'] }),
    enabled: true,
    targets: [{ id: 'tracker', arn: FUNCTION, input: {}, ...target }],
    ...overrides,
  };
}

const event = (id: string, source = 'aws.rds'): CloudEvent => ({
  version: '0',
  id,
  'detail-type': 'RDS DB Instance Event',
  source,
  account: ACCOUNT,
  time: '2026-01-05T09:00:00Z',
  region: REGION,
  resources: [],
  detail: { EventID: id },
});

function stage(rules: RuleDescription[], overrides: Partial<EventBusWorld> = {}) {
  const clock = new QueueClock();
  const start = clock.now();
  const delivered: { after: number; rule: string; payload: unknown }[] = [];
  const letters: DeadLetter[] = [];
  const bus = new EventBus(rules, {
    clock,
    latencies: taking(500),
    chance: new Chance('bus'),
    account: ACCOUNT,
    region: REGION,
    busArn: `${BUS}/default`,
    deliver: ({ name }, _, payload) => delivered.push({ after: clock.now() - start, rule: name, payload }),
    deadLetter: (letter) => letters.push(letter),
    ...overrides,
  });
  const operation = bus.standIn.operations.PutEvents;
  if (!operation) throw new Error('no such operation');
  const call = (entries: object[]): Call => ({
    service: 'events',
    operation: 'PutEvents',
    input: { Entries: entries },
    caller: { functionName: 'tracker', roleArn: 'role', process: 'tracker#0' },
  });
  return {
    bus,
    clock,
    delivered,
    letters,
    put: (...entries: object[]) => operation.answer(call(entries)),
    permissions: (...entries: object[]) => operation.permissions(call(entries)),
  };
}

const ids = (delivered: { payload: unknown }[]) => delivered.map(({ payload }) => (payload as CloudEvent).id);

describe('an event reaches the targets of the rules', () => {
  it.each([
    ['that match it', rule(), 1],
    ['but not when the pattern is another', rule({ matches: readEventPattern({ source: ['aws.ecs'] }) }), 0],
    ['but not when the rule is disabled', rule({ enabled: false }), 0],
    ['but not when the rule only has a schedule', rule({ matches: undefined, scheduleExpression: 'rate(1 hour)' }), 0],
    ['but not when the rule listens to another bus', rule({ busName: 'own' }), 0],
  ])('%s', async (_, only, count) => {
    const { bus, clock, delivered } = stage([only], { buses: ['own'] });
    bus.emit(event('one'));
    await clock.run(HOUR);
    expect(delivered).toHaveLength(count);
    expect(bus.published).toHaveLength(1);
  });

  it('each after the time to the bus and the time from it', async () => {
    const { bus, clock, delivered } = stage([rule()]);
    bus.emit(event('one'));
    await clock.run(999);
    expect(delivered).toEqual([]);
    await clock.run(1);
    expect(delivered).toEqual([{ after: 1_000, rule: 'database', payload: event('one') }]);
  });

  it.each([
    ['Input', { Input: '{"kind":"look"}' }, { kind: 'look' }],
    ['InputPath', { InputPath: '$.detail' }, { EventID: 'one' }],
    [
      'InputTransformer',
      { InputTransformer: { InputPathsMap: { id: '$.id' }, InputTemplate: '{"what":<id>}' } },
      { what: 'one' },
    ],
  ])('as its %s makes of it', async (_, input, expected) => {
    const { bus, clock, delivered } = stage([rule({}, { input })]);
    bus.emit(event('one'));
    await clock.run(HOUR);
    expect(delivered.map(({ payload }) => payload)).toEqual([expected]);
  });

  it('as an event of its own when a rule fires by its schedule, and as no other rule sees it', async () => {
    const nightly = rule({ name: 'nightly', matches: undefined });
    const { bus, clock, delivered } = stage([nightly, rule({ matches: readEventPattern({ source: ['aws.events'] }) })]);
    bus.fire(nightly, Date.UTC(2026, 0, 5, 9, 0, 0));
    await clock.run(HOUR);
    expect(delivered).toMatchObject([
      {
        rule: 'nightly',
        payload: {
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          time: '2026-01-05T09:00:00Z',
          resources: [nightly.arn],
          detail: {},
        },
      },
    ]);
  });

  it('of a bus of its own', async () => {
    const own = rule({ busName: 'own', matches: readEventPattern({ source: ['mobilink-ha'] }) });
    const { clock, delivered, put } = stage([own, rule({ name: 'default', matches: own.matches })], { buses: ['own'] });
    const entry = { Source: 'mobilink-ha', DetailType: 'MobiLink Primary Changed', Detail: '{}' };
    put({ ...entry, EventBusName: `${BUS}/own` }, { ...entry, EventBusName: 'own' }, entry);
    await clock.run(HOUR);
    expect(delivered.map((it) => it.rule)).toEqual(['database', 'database', 'default']);
  });
});

describe('a scenario', () => {
  it.each<[string, EventBus['tamper'], string[]]>([
    ['loses an event', () => {}, []],
    ['repeats it', (it, deliver) => [0, 10].forEach((delay) => void deliver(it, delay)), ['one', 'one', 'two', 'two']],
    ['turns the order round', (it, deliver) => deliver(it, it.id === 'one' ? 60_000 : 0), ['two', 'one']],
  ])('%s', async (_, tamper, expected) => {
    const { bus, clock, delivered } = stage([rule()]);
    bus.tamper = tamper;
    bus.emit(event('one'));
    await clock.run(1);
    bus.emit(event('two'));
    await clock.run(HOUR);
    expect(ids(delivered).sort()).toEqual([...expected].sort());
    if (expected.length === 2) expect(ids(delivered)).toEqual(expected);
  });
});

describe('a target that does not take an event', () => {
  const refusing = (statusCode: number, times: number) => {
    let attempts = 0;
    return {
      attempts: () => attempts,
      deliver: () => {
        attempts++;
        if (attempts <= times) throw new ServiceError('Refused', 'not now', statusCode);
      },
    };
  };

  it('for now gets it again', async () => {
    const target = refusing(429, 3);
    const { bus, clock, letters } = stage([rule({}, { deadLetterArn: QUEUE })], { deliver: target.deliver });
    bus.emit(event('one'));
    await clock.run(HOUR);
    expect(target.attempts()).toBe(4);
    expect([bus.failed, letters]).toEqual([[], []]);
  });

  it.each([
    ['for good is not asked again', 403, undefined, 1],
    ['is asked no more often than its policy says', 500, { maximumRetryAttempts: 2, maximumEventAgeMillis: HOUR }, 3],
    ['is asked no longer than its policy says', 500, { maximumRetryAttempts: 185, maximumEventAgeMillis: 60_000 }, 7],
    ['is asked 185 times more by default', 500, undefined, 186],
  ])('%s, and the event goes to the dead-letter queue', async (_, status, retryPolicy, attempts) => {
    const target = refusing(status, Number.POSITIVE_INFINITY);
    const targetOptions = { deadLetterArn: QUEUE, retryPolicy };
    const { bus, clock, letters } = stage([rule({}, targetOptions)], { deliver: target.deliver });
    bus.emit(event('one'));
    await clock.run(24 * HOUR);
    expect(target.attempts()).toBe(attempts);
    expect(bus.failed).toMatchObject([{ rule: 'database', target: FUNCTION, reason: 'not now' }]);
    expect(letters).toMatchObject([
      { queueArn: QUEUE, targetArn: FUNCTION, errorCode: 'Refused', body: event('one'), sourceArn: rule().arn },
    ]);
  });

  it('by a fault of the rehearsal stops the rehearsal', async () => {
    const { bus, clock } = stage([rule()], {
      deliver: () => {
        throw new TypeError('broken');
      },
    });
    bus.emit(event('one'));
    await expect(clock.run(HOUR)).rejects.toThrow('broken');
  });
});

describe('PutEvents', () => {
  it('asks for each bus once, with every source and detail type', () => {
    const { permissions } = stage([]);
    const entry = (Source: string, DetailType: string, EventBusName?: string) => ({ Source, DetailType, EventBusName });
    expect(
      permissions(entry('a', 'x'), entry('b', 'x'), entry('a', 'y', 'own'), entry('a', 'z', `${BUS}/far`)),
    ).toEqual([
      {
        action: 'events:PutEvents',
        resource: `${BUS}/default`,
        context: { 'events:source': ['a', 'b'], 'events:detail-type': ['x'] },
      },
      {
        action: 'events:PutEvents',
        resource: `${BUS}/own`,
        context: { 'events:source': ['a'], 'events:detail-type': ['y'] },
      },
      {
        action: 'events:PutEvents',
        resource: `${BUS}/far`,
        context: { 'events:source': ['a'], 'events:detail-type': ['z'] },
      },
    ]);
  });

  it('takes ten entries and no more', () => {
    const { put } = stage([]);
    const entry = { Source: 'a', DetailType: 'x', Detail: '{}' };
    expect(put(...Array(10).fill(entry))).toMatchObject({ FailedEntryCount: 0 });
    expect(() => put(...Array(11).fill(entry))).toThrow('Entries has 11 of 1 to 10');
    expect(() => put()).toThrow('Entries has 0 of 1 to 10');
  });

  it('keeps the time that the caller gives', () => {
    const { bus, put } = stage([]);
    put({ Source: 'a', DetailType: 'x', Detail: '{}', Time: new Date('2026-01-01T00:00:00.900Z'), Resources: ['r'] });
    put({ Source: 'a', DetailType: 'x', Detail: '{}' });
    const [given, own] = bus.published.map((it) => it.event);
    expect(given).toMatchObject({ time: '2026-01-01T00:00:00Z', resources: ['r'], account: ACCOUNT });
    expect(own).toMatchObject({ time: '2026-01-05T09:00:00Z', resources: [] });
    expect(given?.id).not.toBe(own?.id);
  });
});

describe('what cannot be rehearsed is refused by name', () => {
  it.each([
    [rule({}, { arn: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:x` }), /rule database: .*stateMachine:x/],
    [rule({ busName: 'elsewhere' }), 'rule database: there is no event bus elsewhere'],
  ])('%#', (only, message) => {
    expect(() => stage([only])).toThrow(message);
  });
});
