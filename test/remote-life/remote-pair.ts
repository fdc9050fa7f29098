import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { InsideSchedule } from '../../lib';
import { SetUpDocument } from '../../lib/remotes/set-up-document';
import { syncEvents } from '../../lib/remotes/sync-events';
import { MobiLinkServer } from '../../rehearsal/sql-anywhere/mobilink/mobilink-server';
import type { HostVariants } from '../../rehearsal/sql-anywhere/site/pair-host';
import { PARTNERS, PairHosts, type Partner, type ScriptEnd } from '../pair/pair-hosts';

/** The document as Systems Manager would run it. */
const stack = new Stack(new App(), 'Test');
SetUpDocument.of(stack);
const [document] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document'));
const SET_UP: string = document?.Properties.Content.mainSteps[0].inputs.runCommand.join('\n');

const SQL = readFileSync(path.join(__dirname, '../../examples/sql/store-1.sql'), 'utf8');
/** As the construct generates it: named like the remote. */
const LOGIN = { username: 'store-0815', password: 'Remote!0815' };
const REMOTE_SECRET = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:remote';

export interface Report {
  readonly result: string;
  readonly message: string;
  readonly [key: string]: unknown;
}

export interface SyncEnd {
  readonly code: number | null;
  readonly report: Report;
}

/** What is deployed on the hosts. */
export interface Deployed {
  readonly sql: string[];
  readonly schedules: InsideSchedule[];
}

export const everyQuarter = InsideSchedule.every({
  name: 'store-sales',
  interval: Duration.minutes(15),
  profile: 'sales',
});

/**
 * A remote on a mirrored pair: the real host scripts, born by the real bootstrap, set up by the real document, before stand-ins for SAP's
 * servers and tools and a MobiLink server that knows what it was given.
 */
export class RemotePair {
  public static async open(variants: HostVariants = {}, deployed: Partial<Deployed> = {}): Promise<RemotePair> {
    // No test here waits for a time-out of the mirror, and a busy machine must not reach one.
    const hosts = await PairHosts.open({ second: 500, ...variants });
    const mobilink = await MobiLinkServer.open();
    const remote = new RemotePair(hosts, mobilink, { sql: [SQL], schedules: [], ...deployed });
    mobilink.users = new Map([[LOGIN.username, LOGIN.password]]);
    hosts.write(`secret-${REMOTE_SECRET}`, JSON.stringify(LOGIN));
    await hosts.birth();
    await hosts.complete();
    for (const partner of PARTNERS) remote.prepare(partner);
    return remote;
  }

  /** What Systems Manager runs. */
  public readonly setUpText = SET_UP;
  /** Rows that an application was told to be safe. */
  public readonly confirmed: string[] = [];
  private runs = 0;

  private constructor(
    public readonly hosts: PairHosts,
    public readonly mobilink: MobiLinkServer,
    public deployed: Deployed,
  ) {}

  /** Runs the set-up on both partners, the primary's last or first as they come. */
  public async setUp(): Promise<void> {
    for (const partner of PARTNERS) {
      const { code, output } = await this.setUpOn(partner);
      if (code !== 0) throw new Error(`the set-up of ${partner} ended with ${code}:\n${output}`);
    }
  }

  public setUpOn(partner: Partner): Promise<ScriptEnd> {
    const versions = this.deployed.sql.map((text, index) => {
      const object = `assets/sql-${index + 1}.sql`;
      const file = path.join(this.hosts.account, 'buckets', object);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      return `SQL=${index + 1} ${createHash('sha256').update(text).digest('hex')} s3://${object}`;
    });
    const inside = this.deployed.schedules.length > 0;
    return this.hosts.command(partner, 'sh', ['-c', SET_UP], {
      SSM_Configuration: base64([
        'REMOTE=stores/store-0815',
        'PROFILE=sales',
        'MOBILINK_PROTOCOL=tcpip',
        `MOBILINK_ADDRESS=host=127.0.0.1;port=${this.mobilink.port}`,
        'TIME_LIMIT=20',
        'FIRST_TIME_LIMIT=0',
        'GRACE=1',
      ]),
      SSM_Registry: inside
        ? base64([
            'REGION=eu-central-1',
            'TABLE=Remotes',
            'SHARDS=4',
            'OUTCOME_QUEUE=https://sqs.eu-central-1.amazonaws.com/111111111111/Outcomes',
          ])
        : '',
      SSM_Schedules: base64(this.deployed.schedules.map((schedule) => schedule._line())),
      SSM_Definition: base64([
        `REMOTE_SECRET=${REMOTE_SECRET}`,
        'DELETE_OLD_LOGS_DAYS=42',
        ...versions,
        ...syncEvents(this.deployed.schedules).map((statement) => `EVENT=${statement}`),
      ]),
    });
  }

  /** One sync by flow 2, of a run of its own unless it is named. */
  public async sync(partner: Partner, environment: Record<string, string> = {}): Promise<SyncEnd> {
    this.runs++;
    const run = `nightly@2026-01-05T09:${String(Math.floor(this.runs / 60)).padStart(2, '0')}:${String(this.runs % 60).padStart(2, '0')}.000Z`;
    const { code, output } = await this.hosts.run(partner, 'sync-remote', {
      SSM_RunId: run,
      MOBILINK_HA_CONFIG: this.file(partner, '/etc/mobilink-ha/remote.conf'),
      ...environment,
    });
    const line = output.split('\n').find((it) => it.startsWith('{'));
    if (line === undefined) throw new Error(`no report: ${output}`);
    return { code, report: JSON.parse(line) as Report };
  }

  /** What the database's event runs, or a person. */
  public due(partner: Partner, environment: Record<string, string> = {}): Promise<ScriptEnd> {
    return this.hosts.run(partner, 'sync-due', {
      MOBILINK_HA_CONFIG: this.file(partner, '/etc/mobilink-ha/remote.conf'),
      MOBILINK_HA_BUSY_PAUSE: '0.2',
      ...environment,
    });
  }

  public exchange(partner: Partner): Promise<ScriptEnd> {
    return this.hosts.run(partner, 'exchange-with-registry', {
      MOBILINK_HA_CONFIG: this.file(partner, '/etc/mobilink-ha/remote.conf'),
    });
  }

  /** Writes rows as an application does. */
  public async write(on: Partner, ...rows: string[]): Promise<void> {
    for (const row of rows) {
      const statement = `INSERT INTO sale (store, number, amount) VALUES ('store-0815', '${row}', '1.00')`;
      if ((await this.hosts.execute(on, statement)) === undefined) this.confirmed.push(row);
    }
  }

  public async execute(on: Partner, statement: string): Promise<string | undefined> {
    return this.hosts.execute(on, statement);
  }

  /** The active log gets a new name, as the nightly backup does it. */
  public async renameLog(on: Partner): Promise<void> {
    const host = this.hosts.host(on);
    const { code, output } = await host.run(
      'dbbackup',
      '-y',
      '-t',
      '-r',
      '-c',
      this.hosts.login(on),
      host.file('/run/mobilink-ha/log'),
    );
    if (code !== 0) throw new Error(output);
  }

  /** The files of the log folder. */
  public logs(on: Partner): string[] {
    return readdirSync(this.logFolder(on)).filter((name) => /\.log$/i.test(name));
  }

  public logFolder(on: Partner): string {
    return this.file(on, '/var/lib/mobilink-ha/data/db');
  }

  public file(on: Partner, name: string): string {
    return this.hosts.host(on).file(name);
  }

  /** Outcomes that the host has not told yet. */
  public outcomes(on: Partner): string[] {
    const folder = this.file(on, '/var/lib/mobilink-ha/sync/outcomes');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  }

  /** Fails over by plan; resolves when the other one is primary and complete. */
  public async failOver(): Promise<Partner> {
    const old = await this.hosts.complete();
    const { code, output } = await this.hosts.run(old, 'fail-over');
    if (code !== 0) throw new Error(output);
    return this.hosts.complete();
  }

  /** The only remote that the consolidated database knows, or none. */
  public get uploaded(): readonly string[] {
    const [remote] = this.mobilink.known;
    return remote === undefined ? [] : this.mobilink.rowsOf(remote).map(({ row }) => row.number ?? '');
  }

  /** What must hold whenever nothing is under way. */
  public async problems(): Promise<string[]> {
    const twice = this.uploaded.filter((row, index) => this.uploaded.indexOf(row) !== index);
    const invented = this.uploaded.filter((row) => !this.confirmed.includes(row) && !row.startsWith('unsure'));
    return [
      ...twice.map((row) => `${row} was uploaded twice`),
      ...invented.map((row) => `${row} was never confirmed`),
      ...(this.mobilink.known.length > 1 ? [`two remote ids: ${this.mobilink.known.join(' ')}`] : []),
      ...this.mobilink.violations,
      ...this.hosts.complaints,
    ];
  }

  public get missing(): string[] {
    return this.confirmed.filter((row) => !this.uploaded.includes(row));
  }

  public async remove(): Promise<void> {
    await this.mobilink.close();
    await this.hosts.remove();
  }

  private prepare(partner: Partner): void {
    const host = this.hosts.host(partner);
    // A tool that is run with an empty environment looks for its hosts here.
    symlinkSync(path.join(host.root, 'hosts'), path.join(host.installation, 'hosts'));
  }
}

function base64(lines: string[]): string {
  return Buffer.from(lines.map((line) => `${line}\n`).join('')).toString('base64');
}
