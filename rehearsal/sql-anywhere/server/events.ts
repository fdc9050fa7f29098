import { spawn } from 'node:child_process';
import type { DatabaseContents } from '../files/database-file';
import type { Installation } from '../installation';
import type { ServerLog } from './server-log';

/** Events run on the primary only (facts §4.7 [M18]). Each one's command is a child of the server, which does not wait for it. */
export function runEvents(
  type: string,
  { events }: Readonly<DatabaseContents>,
  installation: Installation,
  log: ServerLog,
): void {
  for (const [name, event] of Object.entries(events)) {
    if (event.type !== type) continue;
    const root = process.env.MOBILINK_HA_ROOT ?? '';
    const command = event.command.replaceAll(' /opt/mobilink-ha/', ` ${root}/opt/mobilink-ha/`);
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'ignore' });
    installation.journal(`event ${name} ${type}`);
    child.once('error', (error) => log.error(`event "${name}": ${error.message}`));
    child.once('exit', (code, signal) => log.info(`event "${name}" ended with ${code ?? signal}`));
  }
}
