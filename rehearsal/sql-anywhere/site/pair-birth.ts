import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import type { Client } from '../tools/client';
import type { PairRole } from './network';
import type { RunningServer } from './pair-host';
import type { PairSite } from './pair-site';
import { MOBILINK_USER, pairStatements } from './pair-statements';

/** Starts a pair without any host script: the tools in the order of the documents (facts §4.4). */
export class PairBirth {
  public readonly authentication = 'secret-of-the-pair';
  public readonly user = 'dba';
  public readonly password = 'dba-secret';

  constructor(
    private readonly site: PairSite,
    /** LTO in seconds; a second is as long as the variants say. */
    private readonly liveness = 30,
    private readonly failoverCommand?: string,
  ) {}

  /** Arbiter, first partner with the definition, second partner from its copy. */
  public async all(): Promise<void> {
    await this.start('arbiter');
    await this.create();
    await this.start('first');
    await this.define();
    await this.copy('first', 'second');
    await this.start('second');
  }

  /** A server of its own, on the host of the first partner, without a mirror. */
  public async alone(): Promise<void> {
    await this.create();
    await this.startAlone();
    const client = await this.connect('first');
    await run(client, MOBILINK_USER);
    client.close();
  }

  public async create(): Promise<void> {
    const { code, output } = await this.site
      .host('first')
      .run('dbinit', '-dba', `${this.user},${this.password}`, this.databaseFile('first'));
    if (code !== 0) throw new Error(output);
  }

  public async define(): Promise<void> {
    const { database, zone } = this.site;
    const { authentication, liveness, failoverCommand } = this;
    const client = await this.connect('first');
    for (const statement of pairStatements({ database, zone, liveness, authentication, failoverCommand })) {
      await run(client, statement);
    }
    client.close();
  }

  /** The running one's files to the other, into the folder where its database belongs. */
  public async copy(from: PairRole, to: PairRole): Promise<void> {
    const host = this.site.host(to);
    const folder = host.file('/var/lib/mobilink-ha/data/new');
    const source = `SERVER=${this.site.host(from).server};DBN=${this.site.database};HOST=${this.site.host(from).name}:2638`;
    const { code, output } = await host.run('dbbackup', '-y', '-c', `${source};${this.login}`, folder);
    if (code !== 0) throw new Error(output);
    mkdirSync(path.dirname(this.databaseFile(to)), { recursive: true });
    for (const name of readdirSync(folder)) {
      copyFileSync(path.join(folder, name), path.join(path.dirname(this.databaseFile(to)), name));
    }
  }

  public start(role: PairRole): Promise<RunningServer> {
    const { server } = this.site.host(role);
    const common = ['-n', server, '-x', 'tcpip(port=2638;dobroad=no)', '-su', 'utility-secret'];
    const host = this.site.host(role);
    const log = ['-o', host.file(`/var/lib/mobilink-ha/${server}.txt`)];
    if (role === 'arbiter') {
      const state = host.file(`/var/lib/mobilink-ha/state/${server}.state`);
      return host.serve(
        ...common,
        '-xf',
        state,
        '-xa',
        `AUTH=${this.authentication};DBN=${this.site.database}`,
        ...log,
      );
    }
    return host.serve(...common, '-xs', 'http(port=8090)', ...log, this.databaseFile(role), '-xp', 'on');
  }

  public startAlone(): Promise<RunningServer> {
    const { server } = this.site.host('first');
    const listening = ['-x', 'tcpip(port=2638;dobroad=no)', '-xs', 'http(port=8090)'];
    return this.site
      .host('first')
      .serve('-n', server, ...listening, '-su', 'utility-secret', this.databaseFile('first'));
  }

  /** A connection to the server of a host, over loopback on that host. */
  public connect(role: PairRole): Promise<Client> {
    const host = this.site.host(role);
    return host.connect(`SERVER=${host.server};DBN=${this.site.database};HOST=127.0.0.1:2638;${this.login}`);
  }

  public databaseFile(role: PairRole): string {
    return this.site.host(role).file(`/var/lib/mobilink-ha/data/db/${this.site.database}.db`);
  }

  private get login(): string {
    return `UID=${this.user};PWD=${this.password}`;
  }
}

/** Rows of a statement; throws what the server says against it. */
export async function run(client: Client, statement: string): Promise<readonly (readonly (string | null)[])[]> {
  client.send({ execute: statement });
  const reply = await client.reply();
  if ('error' in reply) throw new Error(reply.error);
  return 'rows' in reply ? reply.rows : [];
}
