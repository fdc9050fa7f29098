import { appendFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import * as path from 'node:path';
import { parseConnectionString } from '../connection-string';
import { isLogFile, type LogFile, readLogFile } from '../files/log-file';
import { type Installation, Refusal } from '../installation';
import { JsonLines } from '../json-lines';
import type { ClientWord, ServerWord } from '../mobilink/protocol';
import type { SynchronizationState } from '../server/handshake';
import type { Change } from '../sql/change';
import { Client, ToolFailure } from './client';
import { parseOptions } from './options';

/** Exit code of a sync that failed. UNSOURCED. */
const FAILED = 5;

const DAY_MILLIS = 86_400_000;

/** How the log tells that a log before the first one that it found is missing. UNSOURCED: three ways to say it. */
const MISSING_LOG: Readonly<Record<string, (position: number) => string>> = {
  offline: (position) =>
    `No off-line transaction log file found and on-line transaction log starts at offset ${position}`,
  missing: (position) => `Missing transaction log(s) in between: the log before offset ${position} was not found`,
  offset: (position) => `Unable to find log operation at log offset ${position}`,
};

/** A sync: the upload is built from the logs of a folder on this host (facts §5.5), told to the MobiLink server, and what comes down is committed. */
export async function dbmlsync(installation: Installation, words: readonly string[]): Promise<number> {
  const { values, flags, rest } = parseOptions(words, ['-c', '-e', '-o', '-sp', '-s', '-mp'], ['-is', '-qc', '-v']);
  if (rest.length > 0) throw new Refusal(`'${rest[0]}' is no option`);
  if (!flags.has('-is')) throw new Refusal('without -is a stored schedule keeps it running for ever');
  if (!flags.has('-qc')) throw new Refusal('without -qc it stays open');
  if (values.has('-sp') === values.has('-s')) throw new Refusal('either -sp or -s');
  const connection = values.get('-c') ?? '';
  if (!/(^|;)HOST=127\.0\.0\.1(:|;|$)/.test(connection)) {
    installation.journal('violation: the server is not asked on this host: the logs that are read may not be its own');
  }
  const sync = new Synchronization(installation, values.get('-o') ?? '', extended(values.get('-e') ?? ''));
  try {
    await sync.run(connection, values.get('-mp') ?? '');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    sync.say('E', reason);
    installation.journal(`failed: ${reason}`);
    return error instanceof ToolFailure ? error.code : FAILED;
  }
  return 0;
}

/** `dir=/data;ctp=tcpip;adr='host=a;port=1'` */
function extended(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, key = '', quoted, plain] of text.matchAll(/([A-Za-z]+)=(?:'([^']*)'|([^;']*))(?:;|$)/g)) {
    found.set(key, quoted ?? plain ?? '');
  }
  if ([...found].length === 0) throw new Refusal('no extended options');
  return found;
}

class Synchronization {
  constructor(
    private readonly installation: Installation,
    private readonly logFile: string,
    private readonly options: ReadonlyMap<string, string>,
  ) {}

  public say(letter: 'I' | 'E', text: string): void {
    const line = `${letter}. ${new Date().toISOString().slice(0, 19).replace('T', ' ')}. ${text}\n`;
    if (this.logFile) appendFileSync(this.logFile, line, { mode: 0o600 });
    else process.stdout.write(line);
  }

  public async run(connection: string, password: string): Promise<void> {
    const { SERVER = '' } = parseConnectionString(connection);
    this.installation.journal(`sync ${SERVER} options=${[...this.options.keys()].join(',')}`);
    this.say('I', 'Begin synchronization');
    const client = await Client.connect(connection, this.installation, ['SERVER', 'DBN', 'HOST', 'UID', 'PWD']);
    const state = await this.begin(client);
    const mobilink = await MobiLinkConnection.open(this.options.get('adr') ?? '');
    try {
      await this.exchange(client, mobilink, state, { server: SERVER, password });
    } finally {
      mobilink.close();
      client.close();
    }
    this.say('I', 'End synchronization');
    this.installation.journal('synchronized');
  }

  private async begin(client: Client): Promise<SynchronizationState> {
    client.send({ synchronization: true });
    const reply = await client.reply();
    if ('error' in reply) throw new Error(reply.error);
    if (!('progress' in reply)) throw new Error('the server did not understand');
    return reply;
  }

  private async exchange(
    client: Client,
    mobilink: MobiLinkConnection,
    state: SynchronizationState,
    { server, password }: { server: string; password: string },
  ): Promise<void> {
    const known = await mobilink.ask({ begin: { remote: state.remote, server, password } });
    const from = 'progress' in known ? known.progress : 0;
    const logs = this.logsOf(state);
    const entries = this.entriesAfter(from, logs);
    const to = entries.at(-1)?.position ?? from;
    const rows = entries.flatMap(({ change }) => {
      const it = change as Change;
      return it.kind === 'insert' ? [it.value] : [];
    });
    await mobilink.ask({ upload: { from, to, rows } });
    this.say('I', `Upload of ${rows.length} rows is acknowledged`);
    const down = await mobilink.ask({ download: true });
    client.send({ synchronized: { progress: to, downloaded: 'rows' in down ? down.rows : [] } });
    const done = await client.reply();
    if ('error' in done) throw new Error(done.error);
    mobilink.end();
    this.deleteOldLogs(state, logs, to);
  }

  /** The logs on this host: of the folder that it is given, or nothing but the active one. */
  private logsOf(state: SynchronizationState): LogFile[] {
    const folder = this.options.get('dir');
    const active = folder === undefined ? state.log : path.join(folder, path.basename(state.log));
    if (!existsSync(active)) throw new Error(`Cannot open transaction log file ${active}`);
    const files = folder === undefined ? [active] : readdirSync(folder).map((name) => path.join(folder, name));
    const logs: LogFile[] = [];
    for (const file of files) {
      if (!/\.log$/i.test(file)) continue;
      const log = isLogFile(file) ? readLogFile(file) : undefined;
      if (log?.database === state.remote) logs.push(log);
      else if (this.installation.variants().foreign_log === 'fails')
        throw new Error(`${file} is not a transaction log of this database`);
    }
    return logs.sort((one, other) => one.previous.position - other.previous.position);
  }

  private entriesAfter(from: number, logs: readonly LogFile[]) {
    const entries = logs.flatMap((log) => log.entries).filter(({ position }) => position > from);
    const first = entries[0]?.position ?? from + 1;
    const end = logs.at(-1);
    const last = end ? (end.entries.at(-1)?.position ?? end.previous.position) : 0;
    const broken = entries.some(({ position }, index) => position !== first + index);
    // Behind what the consolidated database has, there is nothing to go on from.
    if (first !== from + 1 || broken || last < from) {
      throw new Error((MISSING_LOG[this.installation.variants().missing_log] as (at: number) => string)(from + 1));
    }
    return entries;
  }

  /** Those whose changes were all confirmed (facts §4.9 [M26]). */
  private deleteOldLogs(
    { deleteOldLogs, log }: SynchronizationState,
    logs: readonly LogFile[],
    confirmed: number,
  ): void {
    const [, days] = /^(\d+) days$/.exec(deleteOldLogs) ?? [];
    if (days === undefined && deleteOldLogs !== 'On') return;
    const before = Date.now() - Number(days ?? 0) * DAY_MILLIS;
    for (const { file, previous, entries } of logs) {
      const isActive = path.basename(file) === path.basename(log);
      if (isActive || previous.position + entries.length > confirmed || statSync(file).mtimeMs > before) continue;
      rmSync(file);
      this.say('I', `${file} is deleted`);
    }
  }
}

/** To the server that `adr` names. */
class MobiLinkConnection {
  public static async open(address: string): Promise<MobiLinkConnection> {
    const [, host = ''] = /(?:^|;)host=([^;]+)/.exec(address) ?? [];
    const [, port = ''] = /(?:^|;)port=(\d+)/.exec(address) ?? [];
    const socket = connect({ host, port: Number(port) });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(new Error(`Unable to connect a socket: ${error.message}`)));
    });
    return new MobiLinkConnection(new JsonLines(socket));
  }

  private constructor(private readonly lines: JsonLines) {}

  public async ask(word: ClientWord): Promise<ServerWord> {
    this.lines.send(word);
    const answer = await this.lines.next<ServerWord>();
    if (!answer) throw new Error('The MobiLink server closed the connection');
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  }

  public end(): void {
    this.lines.send({ end: true } satisfies ClientWord);
    this.lines.socket.end();
  }

  public close(): void {
    if (!this.lines.socket.writableEnded) this.lines.socket.destroy();
  }
}
