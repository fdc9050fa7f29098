import { isPaused } from '../../lambda/records/pauses';
import { EXIT } from '../exit-code';
import { groupsOf } from '../groups';
import type { System } from '../system';
import { ago, type Terminal, table } from '../terminal';

/** Rows that are printed together, so that columns have one width and a million remotes no table of their own. */
const PAGE = 500;
const HEADS = ['remote', 'hosts', 'synchronized', 'last outcome', 'failures', 'paused', 'detail'];

/** The remotes, with what their last sync brought. */
export async function listRemotes(system: System, terminal: Terminal, group: string | undefined): Promise<number> {
  const pauses = await system.pauses();
  let damaged = 0;
  let rows: string[][] = [];
  const flush = () => {
    if (rows.length > 0) for (const line of table(HEADS, rows)) terminal.print(line);
    rows = [];
  };
  for await (const entry of system.remotes(groupsOf(system.syncs, group))) {
    if (entry.kind === 'damaged') {
      damaged++;
      terminal.progress(`${entry.group}/${entry.name} is damaged: ${entry.problem}`);
      continue;
    }
    const { remote } = entry;
    const name = `${entry.group}/${remote.remoteName}`;
    if (terminal.isJson) {
      terminal.print(JSON.stringify({ group: entry.group, ...remote }));
      continue;
    }
    const paused = remote.paused ? 'yes' : isPaused(entry.group, pauses) ? 'with its group' : '';
    const { hosts, lastSuccessAt, lastOutcome = '', consecutiveFailures, lastDetail = '' } = remote;
    const failures = consecutiveFailures === 0 ? '' : `${consecutiveFailures}`;
    rows.push([
      name,
      hosts.join(' '),
      ago(lastSuccessAt, system.clock.now()),
      lastOutcome,
      failures,
      paused,
      lastDetail.slice(0, 100),
    ]);
    if (rows.length >= PAGE) flush();
  }
  flush();
  return damaged > 0 ? EXIT.finding : EXIT.well;
}
