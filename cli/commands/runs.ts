import { setTimeout as sleep } from 'node:timers/promises';
import { OUTCOMES } from '../../lambda/records/sync-outcome';
import { CommandError, EXIT } from '../exit-code';
import type { RunRecord, System } from '../system';
import { ago, type Terminal, table } from '../terminal';
import { RUN_HEADS, runRow } from './status';

const USUALLY_SHOWN = 10;
/** Between two looks at a run that is under way. */
const PAUSE = 5_000;

/** The last runs of each schedule, the newest first. */
export async function runs(system: System, terminal: Terminal, last = USUALLY_SHOWN): Promise<number> {
  const found = await Promise.all(
    system.syncs.schedules.map(async (schedule) => ({
      schedule: schedule.name,
      runs: await system.runs(schedule, last),
    })),
  );
  if (terminal.isJson) {
    terminal.print(JSON.stringify(found));
    return EXIT.well;
  }
  const now = system.clock.now();
  const rows = found.flatMap((it) =>
    it.runs.length === 0 ? [runRow(it.schedule, undefined, now)] : it.runs.map((run) => runRow(it.schedule, run, now)),
  );
  for (const line of table(RUN_HEADS, rows)) terminal.print(line);
  return EXIT.well;
}

/** One run: how far it is, and what became of its remotes. */
export async function run(system: System, terminal: Terminal, runId: string, wait: boolean): Promise<number> {
  let told = '';
  for (;;) {
    const record = await system.run(runId);
    if (!record) {
      throw new CommandError(
        `There is no run ${runId}. Fix: mobilink-ha runs lists them; their records last for a fortnight`,
      );
    }
    const seen = record.announcedAt === undefined ? await system.progress(record) : record;
    const line = progressOf(seen);
    if (record.announcedAt !== undefined || !wait) return tell(system, terminal, seen);
    if (line !== told) terminal.progress(line);
    told = line;
    await sleep(PAUSE);
  }
}

function progressOf({ closedShards, shards, remotes, synchronized, ordered }: RunRecord): string {
  return `${closedShards.length} of ${shards} shards done; ${ordered} ordered, ${remotes} ended, ${synchronized} of them synchronized`;
}

function tell(system: System, terminal: Terminal, record: RunRecord): number {
  const ended = record.announcedAt !== undefined;
  const bad = record.remotes - record.synchronized - record.paused - record.busy;
  if (terminal.isJson) terminal.print(JSON.stringify(record));
  else {
    const { runId, startedAt, announcedAt } = record;
    terminal.print(`run       ${runId}`);
    terminal.print(`began     ${startedAt} (${ago(startedAt, system.clock.now())})`);
    terminal.print(ended ? `finished  ${announcedAt}` : `under way ${progressOf(record)}`);
    for (const name of OUTCOMES) if (record[name] > 0) terminal.print(`  ${name.padEnd(16)} ${record[name]}`);
    terminal.print(`  ${'remotes'.padEnd(16)} ${record.remotes}`);
  }
  return ended && bad > 0 ? EXIT.finding : EXIT.well;
}
