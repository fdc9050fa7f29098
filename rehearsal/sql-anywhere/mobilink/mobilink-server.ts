import { createServer, type Socket } from 'node:net';
import { JsonLines } from '../json-lines';
import type { ClientWord, ServerWord } from './protocol';

/** Where a sync can be held or cut: before an upload is kept, after that but before the remote is told, before a download. */
export type Step = 'upload' | 'acknowledge' | 'download';

interface Remote {
  progress: number;
  /** Each row as often as it was uploaded. */
  rows: string[];
}

interface Held {
  readonly step: Step;
  readonly how: 'hold' | 'cut';
  arrived(): void;
  readonly released: Promise<void>;
}

/** A MobiLink server and its consolidated database for tests: what each remote has uploaded, and how far. */
export class MobiLinkServer {
  public static async open(): Promise<MobiLinkServer> {
    const server = new MobiLinkServer();
    await new Promise<void>((resolve) => server.listener.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** What a second sync of a remote that is under way is told (facts §5.6: the remote id is locked). */
  public whenLocked: 'refuse' | 'wait' = 'refuse';
  /** Two syncs of one remote that one host had under way at once. */
  public readonly violations: string[] = [];
  /** Waits to be downloaded by everybody, once. */
  public readonly toDownload: string[] = [];
  /** How many syncs have ended well. */
  public completed = 0;
  private readonly listener = createServer((socket) => this.receive(socket));
  private readonly sockets = new Set<Socket>();
  private readonly locks = new Map<string, { server: string; freed: Promise<void> }>();
  private remotes = new Map<string, Remote>();
  private held: Held | undefined;

  private constructor() {}

  public get port(): number {
    const address = this.listener.address();
    return address && typeof address === 'object' ? address.port : 0;
  }

  public rowsOf(remote: string): readonly string[] {
    return this.remotes.get(remote)?.rows ?? [];
  }

  /** The remotes that were ever here. */
  public get known(): readonly string[] {
    return [...this.remotes.keys()];
  }

  /** The next sync that comes to this step stops there. */
  public hold(step: Step): { arrived: Promise<void>; release(): void } {
    let [arrived, release] = [() => {}, () => {}];
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.held = { step, how: 'hold', arrived: () => arrived(), released };
    return { arrived: arrival, release: () => release() };
  }

  /** The next sync that comes to this step loses its connection there. */
  public cut(step: Step): void {
    this.held = { step, how: 'cut', arrived: () => {}, released: Promise.resolve() };
  }

  /** As it is now, to go back to it: a backup. */
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

  private receive(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    void this.serve(new JsonLines(socket)).catch(() => socket.destroy());
  }

  private async serve(lines: JsonLines): Promise<void> {
    const first = await lines.next<ClientWord>();
    if (!first || !('begin' in first)) return void lines.socket.destroy();
    const { remote, server } = first.begin;
    for (let lock = this.locks.get(remote); lock; lock = this.locks.get(remote)) {
      if (lock.server === server) this.violations.push(`${server}: two syncs of ${remote} at once`);
      if (this.whenLocked === 'refuse') {
        this.say(lines, { error: `[10106] Unable to lock the remote ID '${remote}'` });
        return void lines.socket.end();
      }
      await lock.freed;
    }
    const freed = lines.closed.then(() => {
      this.locks.delete(remote);
    });
    this.locks.set(remote, { server, freed });
    const known = this.remotes.get(remote) ?? { progress: 0, rows: [] };
    this.remotes.set(remote, known);
    this.say(lines, { progress: known.progress });
    await this.synchronize(lines, remote);
    await freed;
  }

  private async synchronize(lines: JsonLines, remote: string): Promise<void> {
    for (;;) {
      const word = await lines.next<ClientWord>();
      if (!word) return;
      const known = this.remotes.get(remote) ?? { progress: 0, rows: [] };
      if ('upload' in word) {
        if (!(await this.pass('upload', lines))) return;
        const { from, to, rows } = word.upload;
        // One transaction: rows and progress together, or neither.
        if (from !== known.progress) return this.say(lines, { error: `progress is ${known.progress}, not ${from}` });
        known.rows.push(...rows);
        known.progress = to;
        if (!(await this.pass('acknowledge', lines))) return;
        this.say(lines, { acknowledged: to });
      } else if ('download' in word) {
        if (!(await this.pass('download', lines))) return;
        this.say(lines, { rows: this.toDownload.splice(0) });
      } else if ('end' in word) {
        this.completed++;
        return;
      }
    }
  }

  /** False if the connection is gone after it. */
  private async pass(step: Step, lines: JsonLines): Promise<boolean> {
    const { held } = this;
    if (held?.step !== step) return true;
    this.held = undefined;
    held.arrived();
    if (held.how === 'cut') lines.socket.destroy();
    await held.released;
    return !lines.socket.destroyed;
  }

  private say(lines: JsonLines, word: ServerWord): void {
    lines.send(word);
  }
}
