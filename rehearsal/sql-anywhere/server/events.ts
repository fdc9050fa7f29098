import { spawn } from 'node:child_process';
import type { DatabaseContents } from '../files/database-file';
import type { Installation } from '../installation';
import type { DatabaseEvent } from '../sql/change';
import type { ServerLog } from './server-log';

/** Events run on the primary only (facts §4.7 [M18]). */
export function runEvents(
  type: string,
  { events }: Readonly<DatabaseContents>,
  installation: Installation,
  log: ServerLog,
): void {
  for (const [name, event] of Object.entries(events)) {
    if (event.type === type) runEvent(name, event, installation, log);
  }
}

/** The command is a child of the server, which does not wait for it. */
export function runEvent(name: string, event: DatabaseEvent, installation: Installation, log: ServerLog): void {
  const root = process.env.MOBILINK_HA_ROOT ?? '';
  const command = event.command.replaceAll(' /opt/mobilink-ha/', ` ${root}/opt/mobilink-ha/`);
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: 'ignore',
    env: { ...process.env, MOBILINK_HA_CONFIG: `${root}/etc/mobilink-ha/remote.conf` },
  });
  installation.journal(`event ${name} ${event.type ?? 'scheduled'}`);
  child.once('error', (error) => log.error(`event "${name}": ${error.message}`));
  child.once('exit', (code, signal) => log.info(`event "${name}" ended with ${code ?? signal}`));
}

/** Fires the scheduled events of a database, each at its own pace, for as long as it may. Times are scaled. */
export class EventClock {
  private readonly next = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  /** @param fires - the events of the database if it is one that fires: the primary, or one without a mirror */
  constructor(
    private readonly fires: () => Readonly<Record<string, DatabaseEvent>> | undefined,
    private readonly run: (name: string, event: DatabaseEvent) => void,
    private readonly secondMillis: number,
  ) {
    this.timer = setInterval(() => this.look(), Math.max(10, secondMillis / 2));
    this.timer.unref();
  }

  public stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const events = this.fires() ?? {};
    for (const [name, event] of Object.entries(events)) {
      if (event.every === undefined) continue;
      const period = event.every * this.secondMillis;
      const due = this.next.get(name) ?? Date.now() + period;
      this.next.set(name, due);
      if (Date.now() < due) continue;
      this.next.set(name, Date.now() + period);
      this.run(name, event);
    }
  }
}
