import { connect, createServer, type Server, type Socket } from 'node:net';

/** `reset`: the line is dead and both ends are told; `hole`: nothing comes through, and nobody is told. */
export type Cut = 'reset' | 'hole';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface Call {
  readonly caller: Socket;
  readonly called: Socket;
}

/** One direction of a link: whoever calls `from` reaches `to`, unless it is cut. */
export class ProxiedLink {
  private readonly server: Server;
  private readonly calls = new Set<Call>();
  /** Came while there was a hole. */
  private readonly held = new Set<Socket>();
  private cutHow: Cut | undefined;

  public static async open(from: Endpoint, to: Endpoint): Promise<ProxiedLink> {
    const link = new ProxiedLink(to);
    await new Promise<void>((resolve, reject) => {
      link.server.once('error', reject);
      link.server.listen(from.port, from.host, resolve);
    });
    return link;
  }

  private constructor(private readonly to: Endpoint) {
    this.server = createServer({ allowHalfOpen: false }, (socket) => this.receive(socket));
  }

  public cut(how: Cut): void {
    this.cutHow = how;
    for (const { caller, called } of this.calls) {
      if (how === 'hole') {
        caller.unpipe(called).pause();
        called.unpipe(caller).pause();
      } else {
        end(caller);
        end(called);
      }
    }
    if (how === 'reset') for (const socket of this.held) end(socket);
  }

  /** What was held in a hole comes through late, as TCP repeats it. */
  public restore(): void {
    this.cutHow = undefined;
    for (const { caller, called } of this.calls) {
      caller.pipe(called);
      called.pipe(caller);
    }
    const held = [...this.held];
    this.held.clear();
    for (const socket of held) this.pass(socket);
  }

  public async close(): Promise<void> {
    this.cut('reset');
    await new Promise((resolve) => this.server.close(resolve));
  }

  private receive(caller: Socket): void {
    // Always followed by 'close'.
    caller.on('error', () => {});
    if (this.cutHow === 'reset') {
      end(caller);
    } else if (this.cutHow === 'hole') {
      this.held.add(caller.pause());
      caller.once('close', () => this.held.delete(caller));
    } else {
      this.pass(caller);
    }
  }

  private pass(caller: Socket): void {
    const called = connect(this.to);
    const call = { caller, called };
    this.calls.add(call);
    called.on('error', () => {});
    caller.setNoDelay(true).pipe(called.setNoDelay(true)).pipe(caller);
    // An end that is seen while there is a hole is not passed on: the other side hears nothing.
    const gone = (other: Socket) => () => {
      if (this.cutHow !== 'hole') end(other);
      if (caller.destroyed && called.destroyed) this.calls.delete(call);
    };
    caller.once('close', gone(called));
    called.once('close', gone(caller));
  }
}

function end(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
