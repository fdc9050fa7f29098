import { parseConnectionString } from '../connection-string';
import { type Installation, Refusal } from '../installation';
import type { SelectedSubscription, SynchronizationState } from '../server/handshake';
import type { TableRow } from '../sql/change';
import { Client, LOST, ToolFailure } from '../tools/client';
import { parseSyncArguments, type SyncArguments } from './command-line';
import { LogScan } from './log-scan';
import { MobiLinkConnection } from './mobilink-connection';
import { deleteOldLogs } from './old-logs';
import { SyncError, SyncLog } from './sync-log';

/** Exit codes of a sync that failed, and of one that a signal ended. UNSOURCED. */
const FAILED = 5;
const INTERRUPTED = 11;

/** Rows that go up at once. */
const PART = 50;

/**
 * Synchronizes once, with the database server that it is told: the upload is built from the logs of a folder on this host, beginning where
 * the consolidated database says (facts §5.5), then comes the download, which is committed together with the progress.
 */
export async function dbmlsync(installation: Installation, words: readonly string[]): Promise<number> {
  const given = parseSyncArguments(words);
  const log = new SyncLog(given.log);
  process.once('SIGHUP', () => {
    log.error('Interrupted');
    process.exit(INTERRUPTED);
  });
  installation.journal('begins');
  log.info('Begin synchronization');
  try {
    await new Synchronization(installation, given, log).run();
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error)) throw error;
    log.error(error.message);
    installation.journal(`failed: ${error.message}`);
    return error instanceof ToolFailure ? error.code : FAILED;
  }
  log.info('End synchronization');
  installation.journal('synchronized');
  return 0;
}

class Synchronization {
  constructor(
    private readonly installation: Installation,
    private readonly given: SyncArguments,
    private readonly log: SyncLog,
  ) {}

  public async run(): Promise<void> {
    const { connection, profile, subscriptions } = this.given;
    const database = await Client.connect(connection, this.installation, ['SERVER', 'DBN', 'HOST', 'UID', 'PWD']);
    try {
      const reply = await ask(database, { beginSynchronization: { profile, subscriptions } });
      if (!('synchronization' in reply)) throw new SyncError('The database server did not understand');
      for (const subscription of reply.synchronization.subscriptions) {
        await this.synchronize(database, reply.synchronization, subscription);
      }
      await this.giveLogsAway(database);
    } finally {
      database.close();
    }
  }

  private async synchronize(
    database: Client,
    state: SynchronizationState,
    subscription: SelectedSubscription,
  ): Promise<void> {
    const { name, tables } = subscription;
    const mobilink = await MobiLinkConnection.open(this.given.address ?? subscription.address ?? '', this.installation);
    const lost = database.lost.then(() => {
      throw LOST;
    });
    // Whoever waits for it is told; nobody need wait.
    lost.catch(() => undefined);
    try {
      const known = await mobilink.ask({ begin: this.beginning(state, subscription) }, lost);
      const consolidated = 'progress' in known ? known.progress : null;
      this.compare(subscription, consolidated);
      let progress = consolidated ?? subscription.since;
      if (subscription.uploads) {
        if (progress > state.position) {
          throw new SyncError(`Log offset ${progress} is beyond the end of the transaction log`);
        }
        const oldest = Math.min(progress, state.oldest);
        const scan = new LogScan(state, this.given.folder, oldest, this.installation.variants());
        await this.upload(mobilink, lost, scan.rows(progress, tables), { from: progress, to: state.position });
        progress = state.position;
      }
      const down = await mobilink.ask({ download: { tables } }, lost);
      if (!('mark' in down)) throw new SyncError('The MobiLink server did not understand');
      await ask(database, { endSynchronization: { subscription: name, progress, rows: down.rows } });
      this.log.info(`Download of ${down.rows.length} rows committed`);
      await mobilink.ask({ downloaded: down.mark }, lost);
    } finally {
      mobilink.close();
    }
  }

  private beginning(state: SynchronizationState, { name, user }: SelectedSubscription) {
    const { SERVER: server = '' } = parseConnectionString(this.given.connection);
    const { remoteId, role } = state;
    return { remoteId, subscription: name, user, password: this.given.password, server, role };
  }

  /** The consolidated database is right (facts §5.5). */
  private compare({ name, progress, since }: SelectedSubscription, consolidated: number | null): void {
    if (consolidated === null || consolidated === (progress ?? since)) return;
    this.log.info(`Progress offsets of '${name}' differ: ${progress ?? since} here, ${consolidated} there`);
  }

  private async upload(
    mobilink: MobiLinkConnection,
    lost: Promise<never>,
    rows: readonly TableRow[],
    span: { readonly from: number; readonly to: number },
  ): Promise<void> {
    for (let from = 0; from < rows.length; from += PART) {
      await mobilink.ask({ rows: rows.slice(from, from + PART) }, lost);
    }
    await mobilink.ask({ uploaded: span }, lost);
    this.log.info(`Upload of ${rows.length} rows acknowledged`);
  }

  /** When all is over, with what every subscription has reached by now. What stays is given away by the next sync. */
  private async giveLogsAway(database: Client): Promise<void> {
    const { profile, subscriptions, folder } = this.given;
    if (folder === undefined) return;
    try {
      const reply = await ask(database, { beginSynchronization: { profile, subscriptions } });
      if (!('synchronization' in reply)) return;
      const { deleteOldLogs: option, log, oldest, position } = reply.synchronization;
      const { logs } = new LogScan(reply.synchronization, folder, position, this.installation.variants());
      for (const file of deleteOldLogs(option, logs, log, oldest)) this.log.info(`${file} deleted`);
    } catch (error) {
      this.log.info(`Old transaction logs stay: ${error instanceof Error ? error.message : error}`);
    }
  }
}

async function ask(database: Client, request: Parameters<Client['send']>[0]) {
  database.send(request);
  const reply = await database.reply();
  if ('error' in reply) throw new SyncError(reply.error);
  return reply;
}
