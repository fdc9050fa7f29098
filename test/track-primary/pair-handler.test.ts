import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromItem } from '../../lambda/records/item';
import { METRIC_NAMES, PAIR_METRIC_NAMES } from '../../lambda/track-primary/metrics';
import { METRICS, PAIR_METRICS } from '../../lib/primary/contract';
import { ENVIRONMENT } from './invocations';
import { LoopbackAws, ZONE } from './loopback-aws';
import { LoopbackRoleService } from './loopback-role-service';
import { stored } from './memory-table';
import { FIRST, lineOf, OTHER, PAIR } from './pair-lines';

/* The function as Lambda runs it over a pair: the SDK's own clients against a loopback port, the partners on loopback addresses. */

type Handler = typeof import('../../lambda/track-primary/handler').handler;

const TICK = { kind: 'tick', scheduledAt: '2026-11-23T04:00:00Z' };
const ONCE = { getRemainingTimeInMillis: () => 9_000 };
const POLL = 10_000;
const HOSTS = ['127.0.0.21', '127.0.0.22'];
const TOOK_OVER = {
  source: 'mobilink-ha',
  'detail-type': 'MobiLink Mirror Failover',
  time: '2026-11-23T04:00:00Z',
  detail: { databaseId: 'main', server: OTHER },
};

let aws: LoopbackAws;
let first: LoopbackRoleService;
let other: LoopbackRoleService;
let handler: Handler;
const written: string[] = [];

beforeAll(async () => {
  aws = await LoopbackAws.start();
  first = await LoopbackRoleService.start(HOSTS[0] ?? '');
  other = await LoopbackRoleService.start(HOSTS[1] ?? '', first.port);
  const members = PAIR.members.map((member, index) => ({ ...member, host: HOSTS[index] }));
  const alias = { ...PAIR.alias, zoneId: ZONE };
  const environment = {
    ...ENVIRONMENT,
    MOBILINK_PRIMARY_SOURCE: JSON.stringify({ ...PAIR, members, alias, rolePort: first.port }),
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  ({ handler } = await import('../../lambda/track-primary/handler.js'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([aws.stop(), first.stop(), other.stop()]);
});

beforeEach(() => {
  aws.reset();
  roles('primary', 'mirror');
  written.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  }
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What both say from now on; undefined answers 503. */
function roles(...words: (string | undefined)[]): void {
  for (const [index, service] of [first, other].entries()) {
    const [server, role] = [index === 0 ? FIRST : OTHER, words[index]];
    if (role === undefined) service.behave = (response) => void response.writeHead(503).end();
    else service.say(() => lineOf({ server, role, clock: Date.now() }));
  }
}

function lines(): Record<string, unknown>[] {
  return written
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

const measured = () => lines().filter((line) => '_aws' in line);
const logged = (message: string) => lines().filter((line) => line.message === message);
const record = () => fromItem(aws.table.item ?? {});

/** One event whose second look comes without waiting for it. */
async function twoLooks(): Promise<void> {
  const before = measured().length;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.now() });
  const done = handler(TOOK_OVER, ONCE);
  await vi.waitUntil(() => measured().length > before);
  await vi.advanceTimersByTimeAsync(POLL);
  // The clock stays ahead until the second look is done: it counts only if it comes later.
  await done;
  vi.useRealTimers();
}

describe('the first tick of a pair', () => {
  beforeEach(() => handler(TICK, ONCE));

  it('records and announces the primary, and leads its name to it', () => {
    expect(record()).toMatchObject({
      databaseId: 'main',
      epoch: 1,
      state: 'stable',
      primary: {
        memberId: FIRST,
        availabilityZone: 'eu-central-1a',
        host: HOSTS[0],
        port: 2638,
        addresses: [HOSTS[0]],
      },
      announcedEpoch: 1,
      aliasEpoch: 1,
    });
    expect(aws.events.map(({ DetailType }) => DetailType)).toEqual(['MobiLink Primary Changed']);
    expect(aws.aliases).toEqual([
      { Action: 'UPSERT', Name: 'primary.mobilink-ha.internal', Type: 'CNAME', TTL: '5', Value: HOSTS[0] },
    ]);
    expect(aws.count('DescribeDBInstances')).toBe(0);
  });

  it('measures the pair under the names that the library offers', () => {
    const names = { ...METRICS, ...PAIR_METRICS };
    expect({ ...METRIC_NAMES, ...PAIR_METRIC_NAMES }).toEqual(names);
    const [line = {}] = measured();
    expect(line).toMatchObject({
      DatabaseId: 'main',
      FailedObservations: 0,
      PrimaryChanges: 1,
      PrimariesClaimed: 1,
      MirrorNotSynchronized: 0,
      PartnerLost: 0,
      ArbiterLost: 0,
      FailedAliasUpdates: 0,
    });
    expect(line.ClockSkewSeconds).toBeLessThan(1);
    const [{ Dimensions, Metrics }] = (
      line._aws as { CloudWatchMetrics: [{ Dimensions: string[][]; Metrics: { Name: string }[] }] }
    ).CloudWatchMetrics;
    expect(Dimensions).toEqual([['DatabaseId']]);
    expect(Metrics.map(({ Name }) => Name).sort()).toEqual(Object.values(names).sort());
  });

  it('a second one changes nothing and leads nowhere', async () => {
    aws.calls.length = 0;
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['GetItem', 'PutItem']);
  });

  it('a failover that both tell of is one look, and the name follows', async () => {
    roles('mirror', 'primary');
    await handler(TOOK_OVER, ONCE);
    expect(record()).toMatchObject({ epoch: 2, aliasEpoch: 2, previousMemberId: FIRST, primary: { memberId: OTHER } });
    expect(aws.aliases.map(({ Value }) => Value)).toEqual(HOSTS);
    expect(measured()).toHaveLength(2);
    expect(logged('an event of the database').at(-1)).toMatchObject({ eventId: 'MirrorFailover' });
  });

  it('a survivor that nobody can confirm is looked for again, ten seconds later', async () => {
    roles(undefined, 'primary');
    await twoLooks();
    expect(measured()).toHaveLength(3);
    expect(record()).toMatchObject({ epoch: 2, state: 'stable', primary: { memberId: OTHER }, aliasEpoch: 2 });
    expect(aws.events.map(({ DetailType }) => DetailType)).toEqual([
      'MobiLink Primary Changed',
      'MobiLink Failover Started',
      'MobiLink Primary Changed',
    ]);
    expect(logged('a new state').map(({ state, unanswered }) => [state, unanswered])).toEqual([
      ['stable', []],
      ['failing-over', [`${FIRST}: status 503`]],
      ['stable', [`${FIRST}: status 503`]],
    ]);
  });

  it.each([
    ['two claim', ['primary', 'primary'], 'two-primaries', { PrimariesClaimed: 2, FailedObservations: 0 }],
    [
      'nobody claims',
      [undefined, 'mirror'],
      'failing-over',
      { PrimariesClaimed: 0, PartnerLost: 1, FailedObservations: 0 },
    ],
    ['nobody answers', [undefined, undefined], 'failing-over', { PrimariesClaimed: 0, FailedObservations: 1 }],
  ])('while %s the name stays where it is', async (_what, words, state, metrics) => {
    roles(...words);
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(record()).toMatchObject({ epoch: 1, state, primary: { memberId: FIRST } });
    expect(aws.aliases).toHaveLength(1);
    expect(measured().at(-1)).toMatchObject(metrics);
  });

  it('a name that cannot be led is told, counted, does not hold the announcement back, and is led by the next look', async () => {
    roles('mirror', 'primary');
    aws.next('ChangeResourceRecordSets', DENIED);
    await handler(TOOK_OVER, ONCE);
    expect(record()).toMatchObject({ epoch: 2, announcedEpoch: 2, aliasEpoch: 1 });
    expect(aws.events).toHaveLength(2);
    expect(logged('the alias could not be written')).toHaveLength(1);
    expect(measured().at(-1)).toMatchObject({ FailedAliasUpdates: 1, PrimaryChanges: 1 });

    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(record()).toMatchObject({ epoch: 2, aliasEpoch: 2 });
    expect(aws.aliases.map(({ Value }) => Value)).toEqual(HOSTS);
    expect(measured().at(-1)).toMatchObject({ FailedAliasUpdates: 0 });
  });

  it('a name that is due waits while nobody claims', async () => {
    roles('mirror', 'primary');
    aws.next('ChangeResourceRecordSets', DENIED);
    await handler(TOOK_OVER, ONCE);
    roles('mirror', undefined);
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(record()).toMatchObject({ epoch: 2, state: 'failing-over', aliasEpoch: 1 });
    expect(aws.aliases.map(({ Value }) => Value)).toEqual([HOSTS[0]]);
    roles('mirror', 'primary');
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:02:00Z' }, ONCE);
    expect(aws.aliases.map(({ Value }) => Value)).toEqual(HOSTS);
  });

  it('a name that was led and an announcement that failed do not wait for one another', async () => {
    roles('mirror', 'primary');
    aws.next('PutEvents', { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' });
    await handler(TOOK_OVER, ONCE);
    expect(record()).toMatchObject({ epoch: 2, announcedEpoch: 1, aliasEpoch: 2 });
  });

  it('a name is led once more when no call of the epoch before can be on its way', async () => {
    const old = { since: ago(60_000), aliasedAt: ago(50_000) };
    aws.table.item = { ...aws.table.item, ...stored(old) };
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:01:00Z' }, ONCE);
    expect(aws.aliases).toHaveLength(2);
    expect(Date.parse(String(record().aliasedAt))).toBeGreaterThan(Date.parse(old.aliasedAt));
    await handler({ ...TICK, scheduledAt: '2026-11-23T04:02:00Z' }, ONCE);
    expect(aws.aliases).toHaveLength(2);
  });

  it('a note of the name that comes too late changes nothing', async () => {
    roles('mirror', 'primary');
    aws.next('ChangeResourceRecordSets', () => {
      aws.table.item = { ...aws.table.item, epoch: { N: '3' } };
    });
    await handler(TOOK_OVER, ONCE);
    expect(record()).toMatchObject({ epoch: 3, aliasEpoch: 1 });
    expect(logged('the alias could not be written')).toEqual([]);
  });
});

function ago(millis: number): string {
  return new Date(Date.now() - millis).toISOString();
}

describe('what is none of its business', () => {
  it('an event of another pair is left aside with a line', async () => {
    await handler({ ...TOOK_OVER, detail: { databaseId: 'another', server: OTHER } }, ONCE);
    expect(aws.calls).toEqual([]);
    expect(logged('an event of another database was left aside')).toHaveLength(1);
  });

  it('an event of RDS is refused', async () => {
    await expect(handler({ source: 'aws.rds', 'detail-type': 'RDS DB Instance Event' }, ONCE)).rejects.toThrow(
      'Neither a tick nor an event of a mirrored pair',
    );
  });
});

const DENIED = {
  status: 403,
  body: '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>',
};
