import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import type { HostTools, Installation, Role } from '../hosts/host-tools';

const STAND_INS = path.join(__dirname, 'bin64');

/** What the stand-ins do where SAP's documents are silent; the executables in bin64/ say what each means. */
export type Behaviour = Readonly<Record<string, string>>;

/** An installation of the stand-ins for SAP's tools, configured as docs/hosts.md says. */
export class SapTools implements HostTools {
  public install(folder: string, { remote, mirrored, dbmlsync }: Installation): Record<string, string> {
    const installation = path.join(folder, 'sqlanywhere');
    const bin = path.join(installation, 'bin64');
    for (const name of [bin, ...['data', 'state', 'logs'].map((it) => path.join(folder, it))]) {
      mkdirSync(name, { recursive: true });
    }
    for (const name of ['dbping', 'dbisql', 'tool.sh']) symlinkSync(path.join(STAND_INS, name), path.join(bin, name));
    const standIns = path.join(installation, 'stand-ins');
    symlinkSync(STAND_INS, standIns);
    writeFileSync(path.join(bin, 'dbmlsync'), dbmlsync(path.join(standIns, 'dbmlsync')), { mode: 0o755 });
    const settings = {
      REMOTE: remote,
      OS_USER: userInfo().username,
      SQLANY_HOME: installation,
      SERVER: 'p1',
      DATABASE: 'app',
      LOG_FOLDER: path.join(folder, 'data'),
      CREDENTIALS: path.join(folder, 'credentials'),
      MIRRORED: mirrored ? 'yes' : 'no',
      PROFILE: 'usual',
      STATE_FOLDER: path.join(folder, 'state'),
      SYNC_LOGS: path.join(folder, 'logs'),
      GRACE: '1',
    };
    writeFileSync(path.join(folder, 'remote.conf'), toLines(settings), { mode: 0o600 });
    writeFileSync(path.join(folder, 'credentials'), toLines({ USER: 'sync', PASSWORD: 'p$ss|w0rd' }), { mode: 0o600 });
    return { MOBILINK_HA_CONFIG: path.join(folder, 'remote.conf') };
  }

  /** A database that is not mirrored has no role. */
  public tell(folder: string, role: Role, mirrored: boolean): void {
    this.behave(folder, role === 'absent' ? { answers: 'no' } : { answers: 'yes', role: mirrored ? role : 'none' });
  }

  /** Later values win over earlier ones. */
  public behave(folder: string, behaviour: Behaviour): void {
    appendFileSync(path.join(folder, 'sqlanywhere', 'behaviour'), toLines(behaviour));
  }

  public complaints(folder: string): string[] {
    return this.journal(folder).filter((line) => /^\S+ \d+ (refused|violation): /.test(line));
  }

  /** What ran, one line each. */
  public journal(folder: string): string[] {
    const file = path.join(folder, 'sqlanywhere', 'journal');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }
}

function toLines(settings: Behaviour): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
