import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import * as path from 'node:path';
import { mirrorSql, serverNames, sqlFile } from '../../lib/sql-anywhere/mirror-sql';
import type { PairRole } from '../../rehearsal/sql-anywhere/site/network';
import type { HostVariants, PairHost } from '../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../rehearsal/sql-anywhere/site/pair-site';

const SCRIPTS = path.join(__dirname, '../../host');
const OPERATING_SYSTEM = path.join(__dirname, '../../rehearsal/host/os');
export const ROLES: readonly PairRole[] = ['arbiter', 'first', 'second'];
export const PARTNERS = ['first', 'second'] as const;
export type Partner = (typeof PARTNERS)[number];

/** Passwords with all that a connection string lets through. */
export const SECRETS = {
  dba: { username: 'dba', password: 'Dba$(id)`x`%&*#1' },
  mobilink: { username: 'mobilink', password: 'Mobi{link}'.replace(/[{}]/g, '!') + '&\\'.slice(0, 1) },
  authentication: { username: 'mirror', password: 'authentication-0123' },
  utility: { username: 'dba', password: 'utility-&|~0123' },
  watch: { username: 'watch', password: 'watch-0123456' },
};

export interface ScriptEnd {
  readonly code: number | null;
  readonly output: string;
}

/** Three hosts that run the real scripts of `host/`, over stand-ins for AWS, the operating system and SAP's servers. */
export class PairHosts {
  public static async open(variants: HostVariants = {}): Promise<PairHosts> {
    const hosts = new PairHosts(await PairSite.open({ variants: { second: 60, ...variants } }));
    for (const role of ROLES) hosts.prepare(role);
    return hosts;
  }

  /** The account: parameters, secrets, volumes, records, buckets. */
  public readonly account = mkdtempSync(path.join(tmpdir(), 'mobilink-account-'));
  private readonly instances = new Map<PairRole, number>();

  private constructor(public readonly site: PairSite) {
    for (const [name, secret] of Object.entries(SECRETS)) this.write(`secret-${arnOf(name)}`, JSON.stringify(secret));
    for (const role of ROLES) {
      for (const volume of volumesOf(role)) mkdirSync(path.join(this.account, `volume-${volume}`));
    }
  }

  public host(role: PairRole): PairHost {
    return this.site.host(role);
  }

  /** Runs a script of the host to its end. */
  public run(role: PairRole, script: string, environment: Record<string, string> = {}): Promise<ScriptEnd> {
    return this.start(role, script, environment).ended;
  }

  public start(role: PairRole, script: string, environment: Record<string, string> = {}) {
    return this.spawn(role, 'bash', [this.host(role).file(`/opt/mobilink-ha/${script}.sh`)], environment);
  }

  /** Runs any command on the host to its end. */
  public command(
    role: PairRole,
    command: string,
    words: string[],
    environment: Record<string, string> = {},
  ): Promise<ScriptEnd> {
    return this.spawn(role, command, words, environment).ended;
  }

  private spawn(role: PairRole, command: string, words: string[], environment: Record<string, string>) {
    const child = spawn(command, words, {
      env: { ...this.environmentOf(role), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    // Its servers live on and may hold the pipes: the end of the script is what counts.
    const ended = new Promise<ScriptEnd>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => setTimeout(() => resolve({ code, output }), 20));
    });
    return { process: child, ended };
  }

  /** Boots all three in order and waits until each is in its role. */
  public async birth(): Promise<void> {
    for (const role of ROLES) await this.boot(role);
  }

  public async boot(role: PairRole): Promise<string> {
    const { code, output } = await this.run(role, 'bootstrap-host');
    if (code !== 0) throw new Error(`the bootstrap of ${role} ended with ${code}:\n${output}`);
    return output;
  }

  /** Whether any process of a bootstrap lives. */
  public isBootstrapping(role: PairRole): boolean {
    const lock = this.host(role).file('/run/mobilink-ha/bootstrap.lock');
    return existsSync(lock) && spawnSync('flock', ['--nonblock', lock, 'true']).status !== 0;
  }

  /** The machine is gone, and its volumes are free. */
  public terminate(role: PairRole): void {
    this.host(role).kill();
    for (const volume of volumesOf(role)) rmSync(path.join(this.account, `volume-${volume}.attached`), { force: true });
  }

  /** Another machine in the same zone: nothing but its launch template, and the volumes when it asks for them. */
  public replace(role: PairRole): void {
    this.terminate(role);
    const { root } = this.host(role);
    for (const name of ['etc', 'dev', 'run', 'var', 'opt/mobilink-ha']) {
      rmSync(path.join(root, name), { recursive: true, force: true });
    }
    this.prepare(role);
  }

  /** A new, empty volume of the same name. */
  public loseVolume(volume: string): void {
    const folder = path.join(this.account, `volume-${volume}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  }

  /** What the one who knows best says about itself, or nothing. */
  public async roleLine(role: Partner): Promise<string | undefined> {
    return (await this.site.askRole(role))?.trim();
  }

  /** Waits until one partner says that it is primary and complete; returns it. */
  public async complete(): Promise<Partner> {
    for (let tries = 0; tries < 600; tries++) {
      for (const role of PARTNERS) {
        const line = await this.roleLine(role);
        if (line?.includes('role=primary;state=synchronized;partner=connected;arbiter=connected')) return role;
      }
      await pause(25);
    }
    const lines = await Promise.all(PARTNERS.map((role) => this.roleLine(role)));
    throw new Error(`the pair does not become complete: ${lines.join(' | ')}`);
  }

  /** Writes a row on the primary as a client does; true once it was acknowledged. */
  public async insert(value: string, on: Partner): Promise<boolean> {
    const host = this.host(on);
    try {
      const client = await host.connect(this.login(on));
      try {
        client.send({ execute: `INSERT INTO "probe" VALUES ('${value}')` });
        return !('error' in (await client.reply()));
      } finally {
        client.close();
      }
    } catch {
      return false;
    }
  }

  /** Runs a statement on a host as its administrator; returns the error, if there was one. */
  public async execute(on: Partner, statement: string, server?: string): Promise<string | undefined> {
    const client = await this.host(on).connect(this.login(on, server));
    try {
      client.send({ execute: statement });
      const reply = await client.reply();
      return 'error' in reply ? reply.error : undefined;
    } finally {
      client.close();
    }
  }

  public async rows(on: Partner, server?: string): Promise<string[]> {
    const client = await this.host(on).connect(this.login(on, server));
    try {
      client.send({ execute: 'SELECT * FROM "probe"' });
      const reply = await client.reply();
      if (!('rows' in reply)) throw new Error(JSON.stringify(reply));
      return reply.rows.map(([value]) => value ?? '');
    } finally {
      client.close();
    }
  }

  /** What anybody found wrong: the stand-ins of SAP's tools, of AWS and of the operating system. */
  public get complaints(): string[] {
    return ROLES.flatMap((role) => [
      ...this.host(role).complaints,
      ...this.journal(role).filter((line) => line.startsWith('violation')),
    ]);
  }

  /** Calls of AWS and the operating system, of this machine. */
  public journal(role: PairRole): string[] {
    const file = path.join(this.host(role).root, 'journal');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  public read(name: string): string | undefined {
    const file = path.join(this.account, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  public write(name: string, text: string): void {
    writeFileSync(path.join(this.account, name.replace(/[^A-Za-z0-9._-]/g, '_')), text);
  }

  public backups(): string[] {
    const folder = path.join(this.account, 'buckets/bucket-of-the-test/backups');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  public get birthRecord(): string | undefined {
    return this.read('parameter-_mobilink-ha_pair_birth')?.trim();
  }

  public async remove(): Promise<void> {
    await this.site.remove();
    rmSync(this.account, { recursive: true, force: true });
  }

  public environmentOf(role: PairRole): Record<string, string> {
    return {
      ...this.host(role).environment,
      MOBILINK_HA_PATH: OPERATING_SYSTEM,
      MOBILINK_HA_AWS: this.account,
      PAUSE: '0.05',
      WAIT_FOR_VOLUMES: '3',
      IN_ROLE_AFTER: '20',
      FAILS_OVER_WITHIN: '10',
    };
  }

  /** The administrator's connection to the server of a host. */
  public login(on: Partner, server = this.host(on).server): string {
    const { username, password } = SECRETS.dba;
    return `SERVER=${server};DBN=consolidated;HOST=127.0.0.1:2638;UID=${username};PWD=${password}`;
  }

  /** What the user data leaves on a new machine. */
  private prepare(role: PairRole): void {
    const host = this.host(role);
    this.instances.set(role, (this.instances.get(role) ?? 0) + 1);
    rmSync(host.file('/var/lib/mobilink-ha'), { recursive: true, force: true });
    for (const name of ['/etc/mobilink-ha', '/opt/mobilink-ha']) mkdirSync(host.file(name), { recursive: true });
    for (const name of readdirSync(SCRIPTS)) {
      const link = host.file(`/opt/mobilink-ha/${name}`);
      if (existsSync(link)) unlinkSync(link);
      symlinkSync(path.join(SCRIPTS, name), link);
    }
    writeFileSync(path.join(host.root, 'instance-id'), `i-${role}-${this.instances.get(role)}`);
    writeFileSync(host.file('/etc/mobilink-ha/pair.conf'), configurationOf(role));
    writeFileSync(host.file('/etc/mobilink-ha/pair.sql'), SQL);
  }
}

export function volumesOf(role: PairRole): string[] {
  const digit = ROLES.indexOf(role) + 1;
  const state = `vol-0000000${digit}`;
  return role === 'arbiter' ? [state] : [state, `vol-1000000${digit}`];
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-central-1:111111111111:secret:${name}`;
}

const ZONE = 'mobilink-ha.internal';
const names = serverNames('consolidated');
const SQL = sqlFile(
  mirrorSql({
    databaseName: 'consolidated',
    hosts: { first: `first.${ZONE}`, second: `second.${ZONE}`, arbiter: `arbiter.${ZONE}` },
    port: 2638,
    livenessSeconds: 30,
    synchronizationMode: 'synchronous',
    autoFailover: false,
    stateFolder: '/var/lib/mobilink-ha/state',
    mobiLinkUser: 'mobilink',
  }),
);

function configurationOf(role: PairRole): string {
  const [state, data] = volumesOf(role);
  const partner = {
    PARTNER_SERVER: role === 'first' ? names.second : names.first,
    ROLE_PORT: '8090',
    DBA_SECRET: arnOf('dba'),
    MOBILINK_SECRET: arnOf('mobilink'),
    WATCH_SECRET: arnOf('watch'),
    DATA_VOLUME: data,
    BACKUP_URL: 's3://bucket-of-the-test/backups',
    BACKUP_HOUR: '2',
    LOG_DAYS: '42',
    DATABASE_OPTIONS: '-c 4G',
    INIT_ARGUMENTS: '-p 8192',
  };
  const settings = {
    ROLE: role,
    DATABASE: 'consolidated',
    SERVER: names[role],
    ZONE_ID: 'Z0123456789',
    RECORD: `${role}.${ZONE}`,
    FIRST_HOST: `first.${ZONE}`,
    SECOND_HOST: `second.${ZONE}`,
    ARBITER_HOST: `arbiter.${ZONE}`,
    PORT: '2638',
    REGION: 'eu-central-1',
    SYSTEM: 'Pair-Consolidated',
    BIRTH_PARAMETER: '/mobilink-ha/pair/birth',
    AUTHENTICATION_SECRET: arnOf('authentication'),
    UTILITY_SECRET: arnOf('utility'),
    STATE_VOLUME: state,
    STACK: 'Pair',
    LOGICAL_ID: `Group${role}`,
    LOG_GROUP: 'Log-of-the-pair',
    OS_USER: userInfo().username,
    ...(role === 'arbiter' ? {} : partner),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
