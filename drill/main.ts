import { writeFileSync } from 'node:fs';
import { FailoverSite, type Round } from '../rehearsal/mlsrv/failover-site';
import { parseOptions, USAGE } from './options';
import { missing } from './prerequisites';
import { figuresOf, timelineOf } from './report';

/** Design, invariant 4: mlsrv17 does not sit on dead connections for longer after the database accepts logins. */
const PROMISE_SECONDS = 10;

const INTERRUPTED = 130;

async function main(words: readonly string[]): Promise<number> {
  const options = parseOptions(words);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const lacks = missing();
  if (lacks.length > 0) throw new Error(lacks.join('\n'));
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const stop = new Promise<never>((_, reject) =>
    interrupted.signal.addEventListener('abort', () => reject(new Interrupted('interrupted'))),
  );
  stop.catch(() => {});
  console.log(
    'two MariaDB servers, replicated, and a supervisor for each way in which a server may behave: they start',
  );
  let site: FailoverSite | undefined;
  try {
    site = await FailoverSite.start(options.variants, interrupted.signal);
    return await Promise.race([drill(site, options), stop]);
  } catch (error) {
    // A terminal interrupts the children too: that one has died of it may be heard before the signal is.
    await new Promise((resolve) => setImmediate(resolve));
    if (interrupted.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    if (interrupted.signal.aborted) console.log('interrupted: everything is being ended');
    await site?.stop();
  }
}

class Interrupted extends Error {}

async function drill(site: FailoverSite, options: ReturnType<typeof parseOptions>): Promise<number> {
  const rounds: Round[] = [];
  const begun = performance.now();
  for (let number = 1; number <= options.rounds; number++) {
    const how = options.ways[(number - 1) % options.ways.length] ?? 'killed';
    console.log(`\nfailover ${number} of ${options.rounds}`);
    const round = await site.failOver(how, 3_000 + 4_000 * Math.random());
    rounds.push(round);
    for (const line of timelineOf(round)) console.log(line);
    // After the last one nobody needs a standby.
    if (number < options.rounds) await site.database.renewStandby();
  }
  const seconds = (performance.now() - begun) / 1000;
  const figures = options.variants.map((it) => figuresOf(it, rounds, site.of(it).usage(), seconds));
  console.log(
    '\nfrom the database that accepts logins to the server that serves; figures of the supervisor, not of MobiLink',
  );
  console.table(
    figures.map((it) => ({
      'the server': it.title,
      failovers: it.failovers,
      'p50 s': it.p50,
      'p95 s': it.p95,
      'max s': it.max,
      'supervisor MB': it.megabytes,
      'of a CPU': `${it.cpuPercent} %`,
    })),
  );
  if (options.json !== undefined) {
    const measured = { measuredAt: new Date().toISOString(), failovers: rounds.length, figures };
    writeFileSync(options.json, `${JSON.stringify(measured, undefined, 2)}\n`);
  }
  const late = figures.filter(({ max }) => !(max <= PROMISE_SECONDS));
  for (const { title, max } of late) {
    const when = Number.isFinite(max) ? `was back after ${max} s, more than ${PROMISE_SECONDS} s` : 'did not come back';
    console.error(`a server that ${title} ${when}`);
  }
  for (const refusal of site.refusals.slice(0, 5)) console.error(`a health port was closed: ${refusal}`);
  return late.length > 0 || site.refusals.length > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then(
  // A failover that was interrupted waits on, for servers that are gone.
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
