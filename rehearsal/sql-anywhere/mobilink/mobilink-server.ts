import { createServer, type Socket } from 'node:net';
import { JsonLines } from '../json-lines';
import type { Row, TableRow } from '../sql/change';
import type { Beginning, ClientWord, ServerWord } from './protocol';

/**
 * Where a sync can be held or cut: before its upload is kept, after that but before the remote is told, before the download is sent,
 * and when all but the remote's last word is over.
 */
export type Step = 'upload' | 'acknowledge' | 'download' | 'end';

export interface Held {
  /** Resolves when a sync has come to the step. */
  readonly arrived: Promise<void>;
  /** The sync goes on; if none has come, none will be stopped. */
  release(): void;
}

interface Subscribed {
  progress: number | null;
  /** Offers up to here were committed on the remote. */
  downloaded: number;
}

interface Remote {
  readonly subscriptions: Map<string, Subscribed>;
  /** In the order of their arrival, each as often as it came. */
  readonly rows: TableRow[];
}

interface Stop {
  readonly step: Step;
  readonly cuts: boolean;
  readonly released: Promise<void>;
  arrive(): void;
}

/** Milliseconds within which the end of a process that was killed is known here. */
const GRACE_MILLIS = 100;

/**
 * A MobiLink server with its consolidated database, in the process of a test: what each remote has uploaded and how far, under the lock
 * that the real one takes on a remote id (facts §5.6).
 */
export class MobiLinkServer {
  public static async open(): Promise<MobiLinkServer> {
    const server = new MobiLinkServer();
    await new Promise<void>((resolve) => server.listener.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** What a second sync of a remote that is under way gets. */
  public whenLocked: 'refuse' | 'wait' = 'refuse';
  /** Passwords by MobiLink user. @default - whoever comes may */
  public users: ReadonlyMap<string, string> | undefined;
  /** What must never happen: two syncs of one remote by one host at once, or one that works for a mirror. */
  public readonly violations: string[] = [];
  /** How many syncs met the lock of another host's. */
  public met = 0;
  /** How many syncs have ended well. */
  public completed = 0;
  private readonly listener = createServer((socket) => this.receive(socket));
  private readonly sockets = new Set<Socket>();
  private readonly locks = new Map<string, { readonly server: string; readonly lines: JsonLines }>();
  private readonly offers: TableRow[] = [];
  private readonly stops: Stop[] = [];
  private remotes = new Map<string, Remote>();

  private constructor() {}

  public get port(): number {
    const address = this.listener.address();
    return address && typeof address === 'object' ? address.port : 0;
  }

  /** The remote ids that were ever here. */
  public get known(): readonly string[] {
    return [...this.remotes.keys()];
  }

  /** What a remote has uploaded, each row as often as it came. */
  public rowsOf(remoteId: string): readonly TableRow[] {
    return this.remotes.get(remoteId)?.rows ?? [];
  }

  public progressOf(remoteId: string, subscription: string): number | null {
    return this.remotes.get(remoteId)?.subscriptions.get(subscription)?.progress ?? null;
  }

  /** Each remote that subscribes the table downloads it. */
  public offer(table: string, row: Row): void {
    this.offers.push({ table, row });
  }

  /** The next sync that comes to this step stops there. */
  public hold(step: Step): Held {
    return this.stop(step, false);
  }

  /** The next sync that comes to this step loses its connection there. */
  public cut(step: Step): Held {
    return this.stop(step, true);
  }

  /** What is not there yet when the consolidated database goes back to the moment of this call: by the function that comes back. */
  public backUp(): () => void {
    const copy = structuredClone(this.remotes);
    return () => {
      this.remotes = structuredClone(copy);
    };
  }

  public close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.listener.close(() => resolve()));
  }

  private stop(step: Step, cuts: boolean): Held {
    let [arrive, goOn] = [() => {}, () => {}];
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const stop = { step, cuts, released, arrive };
    this.stops.push(stop);
    const release = () => {
      goOn();
      if (this.stops.includes(stop)) this.stops.splice(this.stops.indexOf(stop), 1);
    };
    return { arrived, release };
  }

  private receive(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    void this.serve(new JsonLines(socket)).finally(() => socket.end());
  }

  private async serve(lines: JsonLines): Promise<void> {
    const first = await lines.next<ClientWord>();
    if (!first || !('begin' in first)) return;
    const { begin } = first;
    if (this.users && this.users.get(begin.user) !== begin.password) {
      return say(lines, { error: `Authentication of user '${begin.user}' failed` });
    }
    if (begin.role === 'mirror') this.violations.push(`${begin.server} synchronizes though it is a mirror`);
    if (!(await this.lock(begin, lines))) return;
    try {
      await this.synchronize(begin, lines);
    } finally {
      this.locks.delete(begin.remoteId);
    }
  }

  /** False for who does not get the lock. */
  private async lock({ remoteId, server }: Beginning, lines: JsonLines): Promise<boolean> {
    const owner = this.locks.get(remoteId);
    if (owner) {
      await Promise.race([owner.lines.closed, new Promise((resolve) => setTimeout(resolve, GRACE_MILLIS))]);
      if (!owner.lines.socket.destroyed) {
        if (owner.server === server) this.violations.push(`${server}: two syncs of ${remoteId} at once`);
        else this.met++;
      }
    }
    for (let other = this.locks.get(remoteId); other; other = this.locks.get(remoteId)) {
      if (!other.lines.socket.destroyed && this.whenLocked === 'refuse') {
        say(lines, { error: `[10106] Unable to lock the remote ID '${remoteId}'` });
        return false;
      }
      await Promise.race([other.lines.closed, lines.closed]);
      // The owner's own end comes first.
      await new Promise((resolve) => setImmediate(resolve));
      if (lines.socket.destroyed) return false;
    }
    this.locks.set(remoteId, { server, lines });
    return true;
  }

  private async synchronize({ remoteId, subscription }: Beginning, lines: JsonLines): Promise<void> {
    const pending: TableRow[] = [];
    say(lines, { progress: this.progressOf(remoteId, subscription) });
    for (;;) {
      const word = await lines.next<ClientWord>();
      if (!word) return;
      if ('rows' in word) {
        pending.push(...word.rows);
        say(lines, { done: true });
      } else if ('uploaded' in word) {
        if (!(await this.pass('upload', lines))) return;
        const refused = this.keep(remoteId, subscription, word.uploaded, pending.splice(0));
        if (refused !== undefined) return say(lines, { error: refused });
        if (!(await this.pass('acknowledge', lines))) return;
        say(lines, { acknowledged: word.uploaded.to });
      } else if ('download' in word) {
        if (!(await this.pass('download', lines))) return;
        const { downloaded } = this.subscribed(remoteId, subscription);
        const rows = this.offers.slice(downloaded).filter(({ table }) => word.download.tables.includes(table));
        say(lines, { rows, mark: this.offers.length });
      } else if ('downloaded' in word) {
        if (!(await this.pass('end', lines))) return;
        this.subscribed(remoteId, subscription).downloaded = word.downloaded;
        this.completed++;
        say(lines, { done: true });
      }
    }
  }

  /** One transaction of the consolidated database: rows and progress, or neither. */
  private keep(
    remoteId: string,
    subscription: string,
    { from, to }: { from: number; to: number },
    rows: readonly TableRow[],
  ): string | undefined {
    const subscribed = this.subscribed(remoteId, subscription);
    if (subscribed.progress !== null && from !== subscribed.progress) {
      return `The progress of '${subscription}' is ${subscribed.progress}, the upload begins at ${from}`;
    }
    this.remotes.get(remoteId)?.rows.push(...rows);
    subscribed.progress = to;
    return undefined;
  }

  private subscribed(remoteId: string, subscription: string): Subscribed {
    const remote = this.remotes.get(remoteId) ?? { subscriptions: new Map(), rows: [] };
    this.remotes.set(remoteId, remote);
    const subscribed = remote.subscriptions.get(subscription) ?? { progress: null, downloaded: 0 };
    remote.subscriptions.set(subscription, subscribed);
    return subscribed;
  }

  /** False if the connection is gone after it. */
  private async pass(step: Step, lines: JsonLines): Promise<boolean> {
    const index = this.stops.findIndex((it) => it.step === step);
    const [stop] = index < 0 ? [] : this.stops.splice(index, 1);
    if (!stop) return true;
    if (stop.cuts) lines.socket.destroy();
    stop.arrive();
    await Promise.race([stop.released, lines.closed]);
    return !lines.socket.destroyed;
  }
}

function say(lines: JsonLines, word: ServerWord): void {
  lines.send(word);
}
