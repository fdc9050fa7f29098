import type { Message } from '../sql-anywhere/mirroring/messages';

/** What a link needs of the server at either end. */
export interface LinkedServer {
  linkUp(peer: string, now: number): void;
  linkDown(peer: string, now: number): void;
  receive(peer: string, message: Message, now: number): void;
}

export interface LinkWorld {
  now(): number;
  /** The server that runs under this name, if any does. */
  running(server: string): LinkedServer | undefined;
  /** Whether a packet of one server gets to the other one. */
  reaches(one: string, other: string): boolean;
}

/**
 * The connections between the servers of a pair. What is sent arrives within the same step: a handshake of milliseconds is nothing
 * beside time-outs of many seconds. A path that is cut tells nobody: the ends hear of it by their liveness time-outs.
 */
export class PairLinks {
  private readonly flying: { readonly from: string; readonly to: string; readonly message: Message }[] = [];
  /** Ends that take themselves for connected. */
  private readonly ends = new Set<string>();

  constructor(
    private readonly servers: readonly string[],
    private readonly world: LinkWorld,
  ) {}

  public send(from: string, to: string, message: Message): void {
    if (this.ends.has(`${from} ${to}`)) this.flying.push({ from, to, message: structuredClone(message) });
  }

  /** A server gives a connection up, which the other end hears of if it can be reached. */
  public hangUp(from: string, to: string): void {
    this.ends.delete(`${from} ${to}`);
    if (this.world.reaches(from, to)) this.down(to, from);
  }

  /** The server is gone with all that it had sent. Its peers hear of it when its host is still there to tell them. */
  public gone(server: string, told: boolean): void {
    this.lose(({ from, to }) => from === server || to === server);
    for (const other of this.servers) {
      this.ends.delete(`${server} ${other}`);
      if (told && this.world.reaches(server, other)) this.down(other, server);
    }
  }

  /** Each server calls each other one again and again (SQL Anywhere makes its links anew by itself). */
  public connect(): void {
    for (const [index, one] of this.servers.entries()) {
      for (const other of this.servers.slice(index + 1)) {
        const [first, second] = [this.world.running(one), this.world.running(other)];
        if (!first || !second || !this.world.reaches(one, other)) continue;
        if (this.ends.has(`${one} ${other}`) && this.ends.has(`${other} ${one}`)) continue;
        for (const [from, to, server] of [[one, other, first] as const, [other, one, second] as const]) {
          this.down(from, to);
          this.ends.add(`${from} ${to}`);
          server.linkUp(to, this.world.now());
        }
      }
    }
  }

  /** Everything that was sent, and what is sent because of it, arrives or is lost. */
  public deliver(): void {
    for (let sent = this.flying.shift(), count = 0; sent && count < MOST_A_STEP; sent = this.flying.shift(), count++) {
      const { from, to, message } = sent;
      if (this.world.reaches(from, to)) this.world.running(to)?.receive(from, message, this.world.now());
    }
  }

  private down(at: string, other: string): void {
    if (this.ends.delete(`${at} ${other}`)) this.world.running(at)?.linkDown(other, this.world.now());
  }

  private lose(which: (message: { from: string; to: string }) => boolean): void {
    const kept = this.flying.filter((message) => !which(message));
    this.flying.splice(0, this.flying.length, ...kept);
  }
}

/** Two servers that answer each other for ever would stop the clock. */
const MOST_A_STEP = 500;
