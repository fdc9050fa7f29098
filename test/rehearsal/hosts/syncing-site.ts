import { sqlAnywhereTools } from '../../../rehearsal/hosts/sql-anywhere-tools';
import { HostBench, shellDocument } from './host-bench';

/** A rehearsal for a test to end: a sync of its host is under way, in a process group of its own, and the clock stands still. */
async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const bench = await HostBench.start({
    document: shellDocument(
      'printf "%s\\n" -c SERVER=p1\\;DBN=d\\;HOST=127.0.0.1:1\\;UID=u\\;PWD=p -e dir=/tmp -is -sp usual -o /dev/null > arguments',
      'chmod 600 arguments; setsid "$(dirname "$MOBILINK_HA_CONFIG")/home/bin64/dbmlsync" @arguments',
    ),
    tools: sqlAnywhereTools,
    roles: ['primary'],
  });
  const [host] = bench.hosts;
  await bench.order('nightly@1', [0]);
  await bench.run(5);
  console.log(
    JSON.stringify({ folder: bench.site.folderOf(host?.id ?? ''), syncs: host?.syncs, pids: bench.site.pids }),
  );
  setInterval(() => {}, 1_000);
}

void main();
