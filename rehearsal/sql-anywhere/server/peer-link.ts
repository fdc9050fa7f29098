import { connect, type Socket } from 'node:net';
import { hostsOf } from '../connection-string';
import type { HostNames } from '../host-names';
import { JsonLines } from '../json-lines';
import type { Message } from '../mirroring/messages';
import type { ServerHello, Welcome } from './handshake';

export interface PeerLinkOptions {
  readonly peer: string;
  /** As `HOST` of the peer's connection string has it. */
  readonly hosts: string;
  readonly names: HostNames;
  /** Partners call one another, and are connected when both calls stand; an arbiter calls nobody. */
  readonly both: boolean;
  /** Real milliseconds between two calls. */
  readonly pause: number;
  hello(): ServerHello;
  onUp(): void;
  onDown(): void;
  onMessage(message: Message): void;
  /** The peer wants nothing of this server. */
  onRefused(reason: string): void;
}

/** The connection of a partner to one of the two others. It calls again for ever (facts §4.1 [M7]). */
export class PeerLink {
  private outgoing: JsonLines | undefined;
  private incoming: JsonLines | undefined;
  private calling: Socket | undefined;
  private isUp = false;
  private closed = false;
  private again: NodeJS.Timeout | undefined;

  constructor(private readonly options: PeerLinkOptions) {
    this.call();
  }

  /** The peer has called; a newer call takes the place of an older one. */
  public accept(lines: JsonLines): void {
    this.incoming?.socket.destroy();
    this.incoming = lines;
    this.listen(lines, () => {
      if (this.incoming === lines) this.incoming = undefined;
    });
    this.settle();
  }

  public send(message: Message): void {
    this.outgoing?.send(message);
  }

  public hangUp(): void {
    this.outgoing?.socket.destroy();
    this.incoming?.socket.destroy();
    this.outgoing = undefined;
    this.incoming = undefined;
    this.isUp = false;
  }

  public close(): void {
    this.closed = true;
    clearTimeout(this.again);
    this.calling?.destroy();
    this.hangUp();
  }

  private call(): void {
    const { hosts, names, hello } = this.options;
    const [host] = hostsOf(hosts);
    const address = host && names.resolve(host.name, host.port);
    if (!address) {
      this.callAgain();
      return;
    }
    const socket = connect(address);
    this.calling = socket;
    const lines = new JsonLines(socket);
    // Somebody who takes the call and says nothing is not there.
    const giveUp = setTimeout(() => socket.destroy(), hello().liveness);
    socket.once('connect', () => lines.send(hello()));
    void lines.next<Welcome>().then((answer) => {
      clearTimeout(giveUp);
      if (answer && 'welcome' in answer && !this.closed) {
        this.outgoing = lines;
        this.listen(lines, () => {
          if (this.outgoing === lines) this.outgoing = undefined;
          this.callAgain();
        });
        this.settle();
        return;
      }
      if (answer && 'error' in answer) this.options.onRefused(answer.error);
      socket.destroy();
      this.callAgain();
    });
  }

  private callAgain(): void {
    if (this.closed) return;
    clearTimeout(this.again);
    this.again = setTimeout(() => this.call(), this.options.pause);
  }

  private listen(lines: JsonLines, onClosed: () => void): void {
    const read = async () => {
      for (;;) {
        const message = await lines.next<Message>();
        if (!message) break;
        if (this.isUp) this.options.onMessage(message);
      }
      onClosed();
      this.settle();
    };
    void read();
  }

  private settle(): void {
    const isUp = this.outgoing !== undefined && (this.incoming !== undefined || !this.options.both);
    if (isUp === this.isUp) return;
    this.isUp = isUp;
    if (isUp) this.options.onUp();
    else if (!this.closed) this.options.onDown();
  }
}
