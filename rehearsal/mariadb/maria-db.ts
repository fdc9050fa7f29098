import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';
import { temporaryFolder } from './temporary-folder';

const NEEDED = [
  '/usr/sbin/mariadbd',
  '/usr/bin/mariadb-install-db',
  '/usr/bin/isql',
  '/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so',
];

/** A real MariaDB server on a free port of loopback. */
export class MariaDb {
  public static async start(options: readonly string[] = []): Promise<MariaDb> {
    const missing = NEEDED.filter((it) => !existsSync(it));
    if (missing.length > 0) {
      throw new Error(`${missing.join(', ')} missing. Fix: apt-get install -y mariadb-server unixodbc odbc-mariadb`);
    }
    const folder = temporaryFolder();
    const data = join(folder.path, 'data');
    const owner = process.getuid?.() === 0 ? ['--user=root'] : [];
    const common = [
      '--no-defaults',
      `--datadir=${data}`,
      ...owner,
      // A server that starts removes what others keep in a folder that they share.
      `--tmpdir=${folder.path}`,
      '--innodb-log-file-size=8M',
      '--innodb-buffer-pool-size=16M',
    ];
    try {
      await install([...common, '--auth-root-authentication-method=normal', '--skip-test-db']);
    } catch (error) {
      folder.remove();
      throw error;
    }
    const port = await freePort();
    const socket = join(folder.path, 'socket');
    const child = spawn(
      'mariadbd',
      [
        ...common,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        `--socket=${socket}`,
        `--pid-file=${folder.path}/pid`,
        '--skip-name-resolve',
        ...options,
      ],
      { stdio: 'ignore' },
    );
    const database = new MariaDb(port, socket, child, folder.remove);
    try {
      await database.waitForLogins();
    } catch (error) {
      await database.stop();
      throw error;
    }
    return database;
  }

  private readonly ended: Promise<unknown>;

  private constructor(
    public readonly port: number,
    private readonly socket: string,
    private readonly child: ChildProcess,
    private readonly remove: () => void,
  ) {
    this.ended = new Promise((done) => child.once('exit', done));
  }

  /** As its administrator; throws what the server says against it. */
  public sql(statements: string): string {
    const { status, stdout, stderr } = this.ask(statements);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  }

  /** A field of the first row of a statement that shows something; empty when there is no row. */
  public status(statement: string, field: string): string {
    const { status, stdout, stderr } = this.ask(`${statement}\\G`, ['--column-names']);
    if (status !== 0) throw new Error(stderr);
    return new RegExp(`^\\s*${field}: (.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
  }

  public accepts(user: string, password: string): boolean {
    const options = ['--no-defaults', `-u${user}`, '-e', 'SELECT 1', `--socket=${this.socket}`];
    return spawnSync('mariadb', options, { env: { ...process.env, MYSQL_PWD: password } }).status === 0;
  }

  public signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  public async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
    this.remove();
  }

  private ask(statements: string, more: readonly string[] = ['--skip-column-names']) {
    const options = ['--no-defaults', '--default-character-set=utf8mb4', '-uroot', `--socket=${this.socket}`, ...more];
    // A server that hangs must not hang whoever asks it.
    return spawnSync('mariadb', options, {
      input: statements,
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
  }

  private async waitForLogins(): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (this.ask('SELECT 1').status === 0) return;
      if (this.child.exitCode !== null) throw new Error(`mariadbd ended with ${this.child.exitCode}`);
      await sleep(100);
    }
    throw new Error('mariadbd accepts no login after 30 s');
  }
}

/** Makes the files of a new server, apart from the terminal: whoever is interrupted there has this ended in an order of its own. */
async function install(options: readonly string[]): Promise<void> {
  const child = spawn('mariadb-install-db', options, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`mariadb-install-db ended with ${code}: ${said.trim()}`);
}

/** As a literal of SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
