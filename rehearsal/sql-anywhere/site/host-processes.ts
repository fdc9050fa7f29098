import { readdirSync, readFileSync } from 'node:fs';

/** Processes of a stand-in host: those whose environment names its folder, whoever started them. */
export function processesOf(root: string): number[] {
  const mark = `\0MOBILINK_HA_ROOT=${root}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '';
        return state !== 'Z' && `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(mark);
      } catch {
        // It is gone, or somebody else's.
        return false;
      }
    });
}

/** As when the power fails: at once, and all of them. What they started in between is caught by looking again. */
export function killProcessesOf(root: string): void {
  for (let pids = processesOf(root); pids.length > 0; pids = processesOf(root)) {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
    }
  }
}
