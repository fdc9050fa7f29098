import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { InsideSchedule } from '../../lib';
import { syncEvents } from '../../lib/remotes/sync-events';
import { MobiLinkServer } from '../../rehearsal/sql-anywhere/mobilink/mobilink-server';
import type { PairRole } from '../../rehearsal/sql-anywhere/site/network';
import { PairBirth, run } from '../../rehearsal/sql-anywhere/site/pair-birth';
import { type HostVariants, type ToolEnd, until } from '../../rehearsal/sql-anywhere/site/pair-host';
import { PairSite } from '../../rehearsal/sql-anywhere/site/pair-site';

const SCRIPTS = path.join(__dirname, '../../host');

/** Real milliseconds for a second of a time-out of the mirror: nothing here waits for one. */
const SECOND = 1_000;

const LOGIN = 'UID=mobilink;PWD=mobilink-secret';
const MOBILINK_PASSWORD = 'Store$0815';

export type Partner = 'first' | 'second';
export const PARTNERS: readonly Partner[] = ['first', 'second'];
export const other = (partner: Partner): Partner => (partner === 'first' ? 'second' : 'first');

/** A schedule inside: for each minute a slot, whose latest one is due for an hour. */
export const EACH_MINUTE = InsideSchedule.every({
  name: 'sales',
  profile: 'sales',
  interval: Duration.minutes(1),
  catchUp: Duration.hours(1),
});

/** Two tables, as a store has them: one that it fills and one that comes from the centre. */
const DEFINITION = [
  'GRANT ROLE SYS_RUN_REPLICATION_ROLE TO "mobilink"',
  "SET OPTION PUBLIC.delete_old_logs = '42 days'",
  'CREATE TABLE "sale" ("number" VARCHAR(40) NOT NULL PRIMARY KEY)',
  'CREATE TABLE "price" ("article" VARCHAR(40) NOT NULL PRIMARY KEY, "amount" VARCHAR(20))',
  'CREATE PUBLICATION "sales" (TABLE "sale", TABLE "price")',
  'CREATE SYNCHRONIZATION USER "store-0815"',
  'CREATE SYNCHRONIZATION SUBSCRIPTION "sales_of_store" TO "sales" FOR "store-0815" SCRIPT VERSION \'store-1\'',
  'CREATE SYNCHRONIZATION PROFILE "sales" \'Subscription=sales_of_store\'',
];

const SCHEDULED = /START TIME '[\d:]+' EVERY \d+ MINUTES/;
/** Twelve hours of the server's clock away, so that it is the test that fires. */
const FAR_AWAY = "START TIME '12:00' EVERY 24 HOURS";

export interface RemoteSiteProps {
  readonly variants?: HostVariants;
  /** @default true */
  readonly mirrored?: boolean;
  /** What the deployment defines. @default - no schedule inside */
  readonly schedules?: readonly InsideSchedule[];
  /** Makes another statement of each of the schedules' events. @default - none */
  readonly event?: (statement: string) => string;
}

export interface Report {
  readonly result: string;
  readonly message: string;
  readonly [key: string]: unknown;
}

export interface SyncEnd {
  readonly code: number | null;
  /** Undefined of a script that was killed. */
  readonly report: Report | undefined;
  readonly stderr: string;
}

/**
 * A remote on real processes: the scripts of a host as they are, stand-ins for SAP's servers and tools, and a MobiLink server that knows
 * what it was given. It remembers what its application was told, and so what must be true.
 */
export class RemoteSite {
  public static async open(props: RemoteSiteProps = {}): Promise<RemoteSite> {
    const mirrored = props.mirrored ?? true;
    const environment = { MOBILINK_HA_BUSY_PAUSE: '0.3', MOBILINK_HA_BUSY_TRIES: '100' };
    const site = await PairSite.open({ variants: { second: SECOND, ...props.variants }, environment });
    const remote = new RemoteSite(site, await MobiLinkServer.open(), mirrored);
    try {
      await remote.beBorn(props);
    } catch (error) {
      await remote.remove();
      throw error;
    }
    return remote;
  }

  public readonly birth: PairBirth;
  /** Rows whose commit the application was told. */
  public readonly confirmed = new Set<string>();
  /** Rows that the application rolled back, or left in an open transaction. */
  public readonly undone = new Set<string>();
  /** Rows that the application wrote and never heard of again. */
  public readonly unsure = new Set<string>();
  /** Articles whose price the consolidated database offers. */
  public readonly offered: string[] = [];
  private readonly down = new Set<PairRole>();
  private numbers = 0;
  private runs = 0;

  private constructor(
    public readonly site: PairSite,
    public readonly mobilink: MobiLinkServer,
    private readonly mirrored: boolean,
  ) {
    this.birth = new PairBirth(site);
    this.mobilink.users = new Map([['store-0815', MOBILINK_PASSWORD]]);
  }

  public get partners(): readonly Partner[] {
    return this.mirrored ? PARTNERS : ['first'];
  }

  public file(on: Partner, name: string): string {
    return this.site.host(on).file(name);
  }

  public logFolder(on: Partner): string {
    return this.file(on, '/var/lib/mobilink-ha/data/db');
  }

  /** The offline logs, oldest first. */
  public offlineLogs(on: Partner): string[] {
    return readdirSync(this.logFolder(on))
      .filter((name) => /^\d{6}[A-Z]{2}\.LOG$/.test(name))
      .sort()
      .map((name) => path.join(this.logFolder(on), name));
  }

  // --- the database ------------------------------------------------------------------------------------------------------------

  /** Runs a statement as the administrator. */
  public async execute(on: Partner, statement: string): Promise<readonly (readonly (string | null)[])[]> {
    const client = await this.birth.connect(on);
    try {
      return await run(client, statement);
    } finally {
      client.close();
    }
  }

  /** Writes rows as an application does, each in a transaction of its own. */
  public async write(on: Partner, count = 1): Promise<void> {
    const client = await this.birth.connect(on);
    for (let row = 0; row < count; row++) {
      const number = this.number();
      this.unsure.add(number);
      await run(client, `INSERT INTO "sale" VALUES ('${number}')`);
      this.unsure.delete(number);
      this.confirmed.add(number);
    }
    client.close();
  }

  /** Writes rows in one transaction. `leave`: its connection ends before it was committed. */
  public async writeTogether(on: Partner, count: number, end: 'COMMIT' | 'ROLLBACK' | 'leave'): Promise<void> {
    const client = await this.birth.connect(on);
    const numbers = Array.from({ length: count }, () => this.number());
    await run(client, 'BEGIN TRANSACTION');
    for (const number of numbers) await run(client, `INSERT INTO "sale" VALUES ('${number}')`);
    if (end === 'COMMIT') {
      for (const number of numbers) this.unsure.add(number);
      await run(client, 'COMMIT');
      for (const number of numbers) {
        this.unsure.delete(number);
        this.confirmed.add(number);
      }
    } else {
      for (const number of numbers) this.undone.add(number);
      if (end === 'ROLLBACK') await run(client, 'ROLLBACK');
    }
    client.close();
  }

  /** The rows that a partner's database shows. */
  public async rows(on: Partner, table = 'sale'): Promise<string[]> {
    return (await this.execute(on, `SELECT * FROM "${table}"`)).map(([key]) => key ?? '');
  }

  /** The active log gets another name, as the nightly backup does it. */
  public async renameLog(on: Partner): Promise<void> {
    const connection = `${this.local(on)};UID=${this.birth.user};PWD=${this.birth.password}`;
    const end = await this.site
      .host(on)
      .run('dbbackup', '-y', '-t', '-r', '-c', connection, this.file(on, '/run/mobilink-ha/log'));
    if (end.code !== 0) throw new Error(end.output);
  }

  public offer(): void {
    const article = `article-${this.offered.length + 1}`;
    this.offered.push(article);
    this.mobilink.offer('price', { article, amount: '1.00' });
  }

  // --- the pair ----------------------------------------------------------------------------------------------------------------

  /** Waits until one is primary and complete. */
  public async complete(): Promise<Partner> {
    const pattern = /role=primary;state=synchronized;partner=connected;arbiter=connected/;
    return this.untilPrimary(pattern);
  }

  /** Waits until one is primary, with or without a mirror. */
  public async untilPrimary(pattern = /role=primary/): Promise<Partner> {
    if (!this.mirrored) return 'first';
    let found: Partner | undefined;
    await until(async () => {
      for (const role of PARTNERS) {
        if (!this.down.has(role) && pattern.test((await this.site.askRole(role)) ?? '')) found = role;
      }
      return found !== undefined;
    }, `a partner to say ${pattern}`);
    return found ?? 'first';
  }

  /** By plan; resolves when the other has the role. */
  public async failOver(from: Partner): Promise<Partner> {
    await this.execute(from, `ALTER DATABASE "${this.site.database}" SET PARTNER FAILOVER`).catch(() => undefined);
    await until(
      async () => /role=primary/.test((await this.site.askRole(other(from))) ?? ''),
      `${other(from)} to take the role`,
    );
    return other(from);
  }

  /** Every process of the host ends at once. */
  public kill(role: Partner): void {
    this.down.add(role);
    this.site.kill(role);
  }

  public async start(role: Partner): Promise<void> {
    await this.birth.start(role);
    this.down.delete(role);
  }

  public isDown(role: Partner): boolean {
    return this.down.has(role);
  }

  // --- syncs -------------------------------------------------------------------------------------------------------------------

  /** By flow 2, as Systems Manager starts it. Its run is a new one. */
  public startSync(on: Partner): { readonly ended: Promise<SyncEnd> } {
    this.runs++;
    const at = new Date(Date.UTC(2026, 0, 5, 9, 0, this.runs)).toISOString();
    return this.startScript(on, 'sync-remote.sh', `nightly@${at}`);
  }

  public sync(on: Partner): Promise<SyncEnd> {
    return this.startSync(on).ended;
  }

  /** Whether no script of a sync is under way on a host. */
  public isUnlocked(on: Partner): boolean {
    const lock = this.file(on, '/var/lib/mobilink-ha/sync/lock');
    return spawnSync('flock', ['--nonblock', lock, 'true']).status === 0;
  }

  public startScript(on: Partner, script: string, ...words: string[]): { readonly ended: Promise<SyncEnd> } {
    const host = this.site.host(on);
    const child = spawn('bash', [host.file(`/opt/mobilink-ha/${script}`), ...words], {
      env: { ...host.environment, MOBILINK_HA_CONFIG: this.file(on, '/etc/mobilink-ha/remote.conf') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<SyncEnd>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        const line = stdout.split('\n').find((it) => it.startsWith('{'));
        resolve({ code, report: line === undefined ? undefined : (JSON.parse(line) as Report), stderr });
      });
    });
    return { ended };
  }

  /** The tool by itself, with what a script would give it. */
  public dbmlsync(on: Partner, change: Readonly<Record<string, string | undefined>> = {}): Promise<ToolEnd> {
    const options: Record<string, string | undefined> = {
      '-c': `${this.local(on)};${LOGIN}`,
      '-e': `dir=${this.logFolder(on)};ctp=tcpip;adr='host=127.0.0.1;port=${this.mobilink.port}'`,
      '-sp': 'sales',
      '-mp': MOBILINK_PASSWORD,
      ...change,
    };
    const words = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    return this.site.host(on).run('dbmlsync', ...words, '-is', '-qc', '-v');
  }

  /** Fires the event of the schedule, as its time would. */
  public async fire(on: Partner): Promise<void> {
    await this.execute(on, 'TRIGGER EVENT "mobilink_ha_sync_sales"');
  }

  public set(on: Partner, key: string, value: string): void {
    const file = this.file(on, '/etc/mobilink-ha/remote.conf');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const rest = lines.filter((line) => !line.startsWith(`${key}=`));
    writeFileSync(file, `${[...rest, `${key}=${value}`].join('\n')}\n`);
  }

  // --- what must be true -------------------------------------------------------------------------------------------------------

  /** What the consolidated database has of the remote, each row as often as it came. */
  public get uploaded(): string[] {
    return this.mobilink.known.flatMap((id) => this.mobilink.rowsOf(id)).map(({ row }) => row.number ?? '');
  }

  /** What is wrong already, whatever may still come. */
  public problems(): string[] {
    const { uploaded } = this;
    const twice = uploaded.filter((row, index) => uploaded.indexOf(row) !== index);
    const unknown = uploaded.filter((row) => !this.confirmed.has(row) && !this.unsure.has(row));
    return [
      ...twice.map((row) => `${row} was uploaded twice`),
      ...unknown.map((row) => `${row} was uploaded and ${this.undone.has(row) ? 'rolled back' : 'never written'}`),
      ...(this.mobilink.known.length > 1 ? [`two remote ids: ${this.mobilink.known.join(' ')}`] : []),
      ...this.mobilink.violations,
      ...this.site.hosts.flatMap((host) => host.complaints),
    ];
  }

  /** Mends everything, synchronizes, and tells what is wrong then: each confirmed row is there once, and nothing that the remote has not. */
  public async finalProblems(): Promise<string[]> {
    for (const role of this.partners) if (this.down.has(role)) await this.start(role);
    const primary = await this.complete();
    let last: SyncEnd | undefined;
    // One of the database's own may be under way.
    for (let tries = 0; tries < 100 && last?.code !== 0; tries++) {
      if (last) await new Promise((resolve) => setTimeout(resolve, 100));
      last = await this.sync(primary);
      if (last.code !== 0 && last.code !== 76) break;
    }
    const { uploaded } = this;
    const [rows, articles] = [await this.rows(primary), await this.rows(primary, 'price')];
    return [
      ...(last?.code === 0 ? [] : [`the last sync ended with ${last?.code}: ${JSON.stringify(last?.report)}`]),
      ...[...this.confirmed].filter((row) => !uploaded.includes(row)).map((row) => `${row} is missing above`),
      ...[...this.confirmed].filter((row) => !rows.includes(row)).map((row) => `${row} is missing below`),
      ...uploaded.filter((row) => !rows.includes(row)).map((row) => `${row} is above and not below`),
      ...this.offered.filter((row) => !articles.includes(row)).map((row) => `${row} was not downloaded`),
      ...this.problems(),
    ];
  }

  public async remove(): Promise<void> {
    await this.site.remove();
    await this.mobilink.close();
  }

  private async beBorn({ schedules = [], event = (statement) => statement }: RemoteSiteProps): Promise<void> {
    for (const role of this.partners) this.install(role, schedules);
    if (this.mirrored) await this.birth.all();
    else await this.birth.alone();
    const client = await this.birth.connect('first');
    const events = syncEvents([...schedules]).map((statement) => event(statement.replace(SCHEDULED, FAR_AWAY)));
    for (const statement of [...DEFINITION, ...events]) await run(client, statement);
    client.close();
    await this.complete();
  }

  private install(on: Partner, schedules: readonly InsideSchedule[]): void {
    const at = (name: string) => this.file(on, name);
    for (const name of ['/etc/mobilink-ha', '/opt/mobilink-ha', '/var/lib/mobilink-ha/sync', '/var/log/sync']) {
      mkdirSync(at(name), { recursive: true, mode: 0o700 });
    }
    for (const name of readdirSync(SCRIPTS)) symlinkSync(path.join(SCRIPTS, name), at(`/opt/mobilink-ha/${name}`));
    const settings = {
      REMOTE: 'stores/store-0815',
      OS_USER: userInfo().username,
      SQLANY_HOME: this.site.host(on).installation,
      SERVER: this.site.host(on).server,
      DATABASE: this.site.database,
      MIRRORED: this.mirrored ? 'yes' : 'no',
      LOG_FOLDER: this.logFolder(on),
      CREDENTIALS: at('/etc/mobilink-ha/credentials'),
      PROFILE: 'sales',
      MOBILINK_PROTOCOL: 'tcpip',
      MOBILINK_ADDRESS: `host=127.0.0.1;port=${this.mobilink.port}`,
      STATE_FOLDER: at('/var/lib/mobilink-ha/sync'),
      SYNC_LOGS: at('/var/log/sync'),
      TIME_LIMIT: '60',
      GRACE: '1',
    };
    const lines = (of: object) =>
      `${Object.entries(of)
        .map((it) => it.join('='))
        .join('\n')}\n`;
    writeFileSync(at('/etc/mobilink-ha/remote.conf'), lines(settings), { mode: 0o600 });
    const secrets = { USER: 'mobilink', PASSWORD: 'mobilink-secret', MOBILINK_PASSWORD };
    writeFileSync(at('/etc/mobilink-ha/credentials'), lines(secrets), { mode: 0o600 });
    writeFileSync(at('/etc/mobilink-ha/schedules.conf'), schedules.map((it) => `${it._line()}\n`).join(''));
  }

  /** By the server's own name over loopback. */
  private local(on: Partner): string {
    return `SERVER=${this.site.host(on).server};DBN=${this.site.database};HOST=127.0.0.1:2638`;
  }

  private number(): string {
    return `sale-${++this.numbers}`;
  }
}
