import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { ReplicatedPair } from '../../rehearsal/mariadb/replicated-pair';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { network } from '../../rehearsal/mlsrv/network';
import { type Supervised, startSupervised } from '../../rehearsal/mlsrv/supervised';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';

/** What a server may do when its connections to the database die: nobody has said what mlsrv17 does. */
const VARIANTS = {
  'reconnects by itself': { reconnect: 'itself' },
  'reconnects what it uses': { reconnect: 'lazily' },
  ends: { reconnect: 'exits' },
  'hangs in silence': { reconnect: 'hangs' },
  'fails each sync': { reconnect: 'on-sync' },
} as const;
type Variant = keyof typeof VARIANTS;
const variants = Object.keys(VARIANTS) as Variant[];

/** Each round is one failover for each variant. */
const ROUNDS = Math.ceil(Number(process.env.FAILOVERS ?? 10) / variants.length);
const PROMISE = 10_000;
/** For a sync that hangs with its database; all else as in production. */
const QUICK_END = { finalStop: { grace: 1_000, hangUp: 2_000, kill: 3_000 } };

const folder = temporaryFolder();
const supervised = new Map<Variant, Supervised>();
const reconnects = new Map<Variant, number[]>(variants.map((it) => [it, []]));
let loopback: LoopbackService;
let database: ReplicatedPair;
let begun: number;
const refusals: string[] = [];
let acknowledged = 0;
let watch: NodeJS.Timeout;

beforeAll(async () => {
  const stored = new SecretsManager(Date);
  loopback = await LoopbackService.start(stored.standIn);
  const names = network(folder.path);
  database = await ReplicatedPair.start(names);
  stored.put(LOGIN_ARN, database.secret);
  const site = { folder: folder.path, network: names, database, secretsEndpoint: loopback.endpoint };
  for (const variant of variants) supervised.set(variant, await startSupervised(site, VARIANTS[variant], QUICK_END));
  for (const variant of variants) await of(variant).until('serving');
  watch = setInterval(visitHealthPorts, 250);
  begun = performance.now();
});

/** As the load balancer does, only more often: an outage of the database must never make it take a task out. */
function visitHealthPorts(): void {
  for (const variant of variants) {
    const socket = connect(of(variant).healthPort, '127.0.0.1', () => socket.destroy());
    socket.once('error', (error) => refusals.push(`${variant}: ${error.message}`));
  }
}

afterAll(async () => {
  clearInterval(watch);
  await Promise.all(
    [...supervised.values()].map(async (it) => {
      it.signal('SIGTERM');
      await it.ended;
    }),
  );
  await database.stop();
  await loopback.stop();
  folder.remove();
});

const of = (variant: Variant): Supervised => {
  const it = supervised.get(variant);
  if (it === undefined) throw new Error(`There is no supervisor of a server that ${variant}`);
  return it;
};

describe.sequential('a server is back within 10 s of the database that accepts logins', () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1, round % 2 === 0 ? 'killed' : 'hung'] as const))(
    'round %i: the primary is %s',
    async (round, how) => {
      for (const variant of variants) await of(variant).until('serving', round);
      const begins = new Map(variants.map((it) => [it, of(it).lines.length]));
      const back = await database.failOver(how, 3_000 + Math.random() * 4_000);
      await Promise.all(variants.map((variant) => of(variant).until('serving', round + 1)));
      // What it has restarted is let alone from now on.
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      for (const variant of variants) {
        const lines = of(variant).lines.slice(begins.get(variant));
        const events = lines.flatMap(({ event }) => event ?? []);
        const words = `${variant}\n${lines.map(({ text }) => text).join('\n')}`;
        const serving = lines.find(({ event }) => event === 'serving')?.fields;
        const millis = Date.parse(String(serving?.time)) - back;
        reconnects.get(variant)?.push(millis);
        expect(events, words).toContain('primary-gone');
        expect(events, words).toContain('accepts-logins');
        expect(
          events.filter((it) => it === 'serving'),
          words,
        ).toHaveLength(1);
        expect(events.filter((it) => it === 'restarting').length, words).toBeLessThanOrEqual(1);
        expect(millis, words).toBeLessThan(PROMISE);
        // Nobody else may have started it, and nobody may have touched one that got over it.
        expect(serving?.restarted, words).toBe(variant !== 'reconnects by itself');
        expect(await of(variant).send('SYNC 0'), words).toBe('OK');
        acknowledged++;
      }
      // Also those that the primaries before this one took.
      expect(database.syncs()).toBeGreaterThanOrEqual(acknowledged);
      expect(refusals).toEqual([]);
      await database.renewStandby();
    },
  );

  test('at a cost that can be told', () => {
    const seconds = (performance.now() - begun) / 1_000;
    const rows = variants.map((variant) => {
      const times = [...(reconnects.get(variant) ?? [])].sort((a, b) => a - b);
      const at = (share: number) => ((times[Math.ceil(times.length * share) - 1] ?? Number.NaN) / 1_000).toFixed(1);
      const { megabytes, cpuSeconds } = of(variant).usage();
      return {
        'the server': variant,
        failovers: times.length,
        'p50 s': at(0.5),
        'p95 s': at(0.95),
        'max s': at(1),
        'supervisor MB': megabytes.toFixed(0),
        'of a CPU': `${((100 * cpuSeconds) / seconds).toFixed(1)} %`,
      };
    });
    console.table(rows);
    for (const variant of variants) expect(of(variant).usage().megabytes).toBeLessThan(150);
  });
});
