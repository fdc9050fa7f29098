import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQueueMessage } from '../../lambda/door/queue-event';
import { collectMessage, dispatchMessage } from '../../lambda/records/sync-messages';
import { HOST, RUN } from '../records/round-fixture';

/* Every field of every message of the two queues, wrong in every way that its schema knows. */

const FIRING = { kind: 'run', ...RUN, scheduledAt: '2026-01-05T09:00:00Z', profile: 'nightly' };
const run = { ...RUN, profile: 'nightly' };
const pacing = {
  ratePerMinute: 7.5,
  slowedFor: '2026-01-05T09:00:01.000Z',
  heldSince: '2026-01-05T09:00:02.000Z',
  resume: { claims: 1, sent: [{ commandId: 'c-1', hosts: [HOST] }], refused: { [HOST]: 'InvalidInstanceId' } },
};
const place = { run, group: 'stores', shard: 3 };
const MESSAGES = {
  run: FIRING,
  order: { kind: 'order', ...place, ...pacing, batch: 2, after: '00000000 one' },
  retry: {
    kind: 'retry',
    ...place,
    ...pacing,
    batch: '2.1',
    attempt: 2,
    remotes: [{ remoteName: 'one', hosts: [HOST], profile: 'own', tried: { [HOST]: 'not-primary' } }],
  },
  'in-flight': {
    kind: 'in-flight',
    ...place,
    batch: '0',
    commands: [{ commandId: 'c-1', hosts: [HOST] }],
    refused: { [HOST]: 'no' },
    look: 0,
  },
  'shard-ended': { kind: 'shard-ended', ...place, batches: 2 },
  'run-skipped': { kind: 'run-skipped', run, reason: 'late' },
};

type Path = readonly (string | number)[];

const event = (body: unknown) => ({ Records: [{ messageId: 'm-1', body: JSON.stringify(body) }] });

function read(body: { kind: string }): unknown {
  const queue = ['run', 'order', 'retry'].includes(body.kind) ? dispatchMessage : collectMessage;
  return readQueueMessage(queue, event(body));
}

/** Every place in a value that holds something, but for the kind. */
function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const below = Object.entries(value).flatMap(([name, it]) =>
    paths(it, [...at, Array.isArray(value) ? Number(name) : name]),
  );
  return (at.length === 0 ? below : [at, ...below]).filter((path) => path[0] !== 'kind');
}

/** The same with another value in that place; without the place, when the value is undefined. */
function changed<T>(value: T, [first, ...rest]: Path, to: unknown): T {
  if (first === undefined) return to as T;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
  if (rest.length === 0 && to === undefined) delete copy[first];
  else copy[first] = changed(copy[first], rest, to);
  return copy as T;
}

const OPTIONAL = ['profile', 'ratePerMinute', 'slowedFor', 'heldSince', 'resume', 'after', 'tried'];

describe.each(Object.entries(MESSAGES))('a message of the kind %s', (_kind, message) => {
  it('is read as it is, and without what may be left out', () => {
    const expected = message.kind === 'run' ? { ...message, scheduledAt: RUN.scheduledAt } : message;
    expect(read(message)).toEqual(expected);
    for (const path of paths(message).filter((it) => OPTIONAL.includes(String(it.at(-1))))) {
      expect(read(changed(message, path, undefined))).toEqual(changed(expected, path, undefined));
    }
  });

  it('is refused with the name of any field that is missing', () => {
    const needed = paths(message).filter((path) => {
      const last = path.at(-1);
      return typeof last === 'string' && !OPTIONAL.includes(last) && !last.startsWith('i-');
    });
    expect(needed.length).toBeGreaterThan(1);
    for (const path of needed)
      expect(() => read(changed(message, path, undefined)), path.join('.')).toThrow(path.join('.'));
  });

  it('is refused with the name of any field that holds something of another kind', () => {
    const wrong = [null, {}, [[]], true, '', -1, 0.5, 1e9, 'a b', '2026-01-05'];
    fc.assert(
      fc.property(fc.constantFrom(...paths(message)), fc.constantFrom(...wrong), (path, to) => {
        const body = changed(message, path, to);
        let error: unknown;
        try {
          read(body);
        } catch (thrown) {
          error = thrown;
        }
        // What a schema takes for this field is another test's matter; what it does not take is told by its name.
        if (error === undefined) return;
        expect(String(error)).toContain(path.filter((it) => !String(it).startsWith('i-')).join('.'));
        expect(String(error)).toContain('The message m-1');
      }),
      { numRuns: 1_000, seed: 20261123 },
    );
  });
});

describe('a field that is a little wrong', () => {
  it.each<[keyof typeof MESSAGES, Path, unknown[]]>([
    ['run', ['schedule'], ['', 'a@b', 'a/b', '-a', 'x'.repeat(65)]],
    ['run', ['scheduledAt'], ['<aws.scheduler.scheduled-time>', '2026-01-05', '2026-13-05T09:00:00Z', 5]],
    ['run', ['groups'], [[], ['a#b'], [''], Array(101).fill('a')]],
    ['run', ['windowSeconds'], [-1, 0.5, 86_401, '600']],
    ['run', ['startWithinSeconds'], [0, 86_401]],
    ['run', ['deadlineSeconds'], [59, 13 * 86_400 + 1]],
    ['run', ['attempts'], [0, 6, 1.5]],
    ['run', ['profile'], ['', '$(id)', '-p', 'x'.repeat(129)]],
    ['run', ['timeLimitSeconds'], [59, 172_801]],
    ['order', ['run', 'scheduledAt'], ['2026-01-05T09:00:00Z', '2026-01-05T09:00:00.000+01:00']],
    ['order', ['group'], ['a#b', 'a/b', '']],
    ['order', ['shard'], [-1, 0.5, '3']],
    ['order', ['batch'], [-1, '2']],
    ['order', ['slowedFor'], ['soon']],
    ['order', ['heldSince'], ['2026-01-05T09:00:00Z']],
    ['order', ['resume', 'claims'], [-1, '1']],
    ['order', ['resume', 'refused', HOST], [5, null]],
    ['retry', ['batch'], [2]],
    ['retry', ['attempt'], [-1, 1.5]],
    ['retry', ['remotes', 0, 'remoteName'], ['', 'a/b', 'x'.repeat(129)]],
    ['retry', ['remotes', 0, 'profile'], ['', 'a b']],
    ['retry', ['remotes', 0, 'tried', HOST], ['synchronized', '']],
    ['in-flight', ['look'], [-1, 0.5]],
    ['in-flight', ['commands', 0, 'hosts'], ['i-0000000a', [5]]],
    ['shard-ended', ['batches'], [-1, null]],
    ['run-skipped', ['reason'], ['bored', '']],
  ])('%s %j is refused by its name', (kind, path, values) => {
    for (const value of values) {
      expect(() => read(changed(MESSAGES[kind], path, value)), JSON.stringify(value)).toThrow(
        path.filter((it) => it !== HOST).join('.'),
      );
    }
  });

  it('is told together with all others', () => {
    const body = { ...MESSAGES['shard-ended'], group: 'a#b', shard: -1, batches: 'x' };
    expect(() => read(body)).toThrow(/The message m-1: .*group: must be .*; shard: .*; batches: /);
  });
});

describe('the time of a firing', () => {
  it.each([
    ['2026-01-05T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['2026-01-05T09:00:00.5Z', '2026-01-05T09:00:00.500Z'],
    ['2026-01-05T10:00:00+01:00', '2026-01-05T09:00:00.000Z'],
  ])('%s is %s', (scheduledAt, expected) => {
    expect(read({ ...FIRING, ...{ scheduledAt } })).toMatchObject({ scheduledAt: expected });
  });

  it('that no calendar has is refused by its name, and is no other error', () => {
    for (const scheduledAt of [
      '2026-02-31T09:00:00Z',
      '2026-01-05T09:00:00+24:00',
      '2026-01-05T24:00:00Z',
      '2026-01-05T09:00:61Z',
    ]) {
      let answer: unknown;
      try {
        answer = (read({ ...FIRING, ...{ scheduledAt } }) as { scheduledAt: string }).scheduledAt;
      } catch (error) {
        answer = String(error);
      }
      expect(answer, scheduledAt).toMatch(/The message m-1: scheduledAt|^\d{4}-/);
    }
  });
});

describe('a body', () => {
  it.each(['', '{', 'null', '[]', '"run"', '5', '{}', '{"kind":5}'])('%s is refused by both queues', (body) => {
    for (const queue of [dispatchMessage, collectMessage]) {
      const read = () => readQueueMessage(queue, { Records: [{ messageId: 'm-1', body }] });
      expect(read).toThrow('The message m-1: ');
    }
  });

  it('with more than its schema knows is read without it', () => {
    expect(read({ ...MESSAGES['shard-ended'], more: true } as { kind: string })).toEqual(MESSAGES['shard-ended']);
  });
});
