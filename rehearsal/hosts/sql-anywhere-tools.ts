import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import type { HostTools, Installation, Role } from './host-tools';

/** The stand-ins for dbping, dbisql and dbmlsync. */
const STAND_INS = path.join(__dirname, '..', 'host', 'bin64');

const SERVER = 'p1';

/** A host as docs/hosts.md wants it: SQL Anywhere's tools, the remote's configuration, credentials. */
export const sqlAnywhereTools: HostTools = {
  install(folder, installation) {
    const inside = (name: string) => path.join(folder, name);
    for (const name of ['home/bin64', 'home/stand-in', 'state', 'sync-logs', 'log']) {
      mkdirSync(inside(name), { recursive: true, mode: 0o700 });
    }
    for (const tool of ['dbping', 'dbisql', 'tool.sh']) {
      symlinkSync(path.join(STAND_INS, tool), inside(`home/bin64/${tool}`));
    }
    for (const tool of ['dbmlsync', 'tool.sh']) {
      symlinkSync(path.join(STAND_INS, tool), inside(`home/stand-in/${tool}`));
    }
    writeFileSync(inside('home/bin64/dbmlsync'), installation.dbmlsync(inside('home/stand-in/dbmlsync')), {
      mode: 0o700,
    });
    writeFileSync(inside('credentials'), 'USER=sync\nPASSWORD=secret-of-the-rehearsal\n', { mode: 0o600 });
    writeFileSync(inside('remote.conf'), configuration(folder, installation), { mode: 0o600 });
    return { MOBILINK_HA_CONFIG: inside('remote.conf') };
  },

  tell(folder, role, mirrored) {
    const lines = [
      `server=${SERVER}`,
      `answers=${role === 'absent' ? 'no' : 'yes'}`,
      `role=${nameOf(role, mirrored)}`,
      `log=${path.join(folder, 'log', 'remote.log')}`,
    ];
    writeFileSync(path.join(folder, 'home/behaviour'), `${lines.join('\n')}\n`);
  },

  complaints(folder) {
    const journal = path.join(folder, 'home/journal');
    if (!existsSync(journal)) return [];
    return readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => /^\S+ \d+ (violation|refused):/.test(line));
  },
};

function configuration(folder: string, { remote, mirrored }: Installation): string {
  const settings = {
    REMOTE: remote,
    OS_USER: userInfo().username,
    SQLANY_HOME: `${folder}/home`,
    SERVER,
    DATABASE: 'remote',
    LOG_FOLDER: `${folder}/log`,
    MIRRORED: mirrored ? 'yes' : 'no',
    CREDENTIALS: `${folder}/credentials`,
    PROFILE: 'usual',
    STATE_FOLDER: `${folder}/state`,
    SYNC_LOGS: `${folder}/sync-logs`,
    // The watchdog lives in real time; in virtual time it is the scenario that says when a sync ends.
    TIME_LIMIT: '0',
    FIRST_TIME_LIMIT: '0',
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function nameOf(role: Role, mirrored: boolean): string {
  if (role === 'primary') return mirrored ? 'primary' : 'none';
  return 'mirror';
}
