import type { Remote } from '../../lambda/records/remote';
import { EXIT } from '../exit-code';
import { addressOf } from '../remote-address';
import { type Row, readRows } from '../remotes/rows';
import type { RemoteAddress, System } from '../system';
import type { Terminal } from '../terminal';

/** Rows that are compared with the registry in one call (DynamoDB Developer Guide, "BatchGetItem": a hundred items). */
const PAGE = 100;
/** Calls at a time. */
const AT_ONCE = 16;

interface Tally {
  rows: number;
  registered: number;
  unchanged: number;
  bad: { line: number; problem: string }[];
}

type Good = Extract<Row, { kind: 'remote' }>;

/**
 * Registers the remotes of a file. A row that cannot be understood is named by its line and left out. What is registered like this already is
 * not written again, so an import that was broken off goes on where it stopped when it is run again.
 */
export async function importRemotes(
  system: System,
  terminal: Terminal,
  file: string,
  dryRun: boolean,
): Promise<number> {
  const tally: Tally = { rows: 0, registered: 0, unchanged: 0, bad: [] };
  let page: Good[] = [];
  const flush = async () => {
    await importPage(system, page, tally, dryRun);
    page = [];
    terminal.progress(words(tally, dryRun));
  };
  for await (const row of readRows(file)) {
    tally.rows++;
    if (row.kind === 'bad') {
      tally.bad.push({ line: row.line, problem: row.problem });
      terminal.progress(`line ${row.line} is left out: ${row.problem}`);
    } else if (page.push(row) >= PAGE) await flush();
  }
  await flush();
  if (terminal.isJson) terminal.print(JSON.stringify({ ...tally, dryRun }));
  else terminal.print(words(tally, dryRun));
  return tally.bad.length > 0 ? EXIT.finding : EXIT.well;
}

async function importPage(system: System, page: readonly Good[], tally: Tally, dryRun: boolean): Promise<void> {
  if (page.length === 0) return;
  const { shards } = system.syncs;
  const wanted = page.map((row) => ({ row, address: addressOf(row.wanted.group, row.wanted.remote, shards) }));
  const known = await system.known(wanted.map(({ address }) => address));
  const work = wanted.filter(({ row, address }) => {
    const isThere = isSame(known.get(`${address.groupShard}/${address.name}`), row);
    if (isThere) tally.unchanged++;
    return !isThere;
  });
  for (let from = 0; from < work.length; from += AT_ONCE) {
    const part = work.slice(from, from + AT_ONCE);
    if (!dryRun) await Promise.all(part.map(({ row, address }) => registerOne(system, address, row)));
    tally.registered += part.length;
  }
}

function registerOne(system: System, address: RemoteAddress, { wanted }: Good): Promise<void> {
  const { hosts, profile, paused } = wanted;
  return system.register(address, { hosts, profile, paused });
}

function isSame(known: Remote | undefined, { wanted }: Good): boolean {
  if (!known) return false;
  return (
    known.profile === wanted.profile &&
    known.paused === (wanted.paused ?? false) &&
    known.hosts.length === wanted.hosts.length &&
    known.hosts.every((host, index) => host === wanted.hosts[index])
  );
}

function words({ rows, registered, unchanged, bad }: Tally, dryRun: boolean): string {
  return `${rows} rows: ${registered} ${dryRun ? 'would be registered' : 'registered'}, ${unchanged} as they were, ${bad.length} left out`;
}
