import type { Socket } from 'node:net';

/** One JSON value a line over a socket. */
export class JsonLines {
  /** Those that have not been read yet wait for whoever asks. */
  private readonly arrived: unknown[] = [];
  private readonly waiting: ((message: unknown) => void)[] = [];
  private text = '';
  /** Resolves when the socket is gone. */
  public readonly closed: Promise<void>;

  constructor(public readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('utf8');
    socket.on('data', (chunk: string) => this.read(chunk));
    // Always followed by 'close'.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const waiter of this.waiting.splice(0)) waiter(undefined);
        resolve();
      });
    });
  }

  public send(message: unknown): void {
    if (this.socket.writable) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message; undefined once the socket is gone. */
  public next<Type>(): Promise<Type | undefined> {
    if (this.arrived.length > 0) return Promise.resolve(this.arrived.shift() as Type);
    if (this.socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.waiting.push((message) => resolve(message as Type | undefined)));
  }

  private read(chunk: string): void {
    const lines = (this.text + chunk).split('\n');
    this.text = lines.pop() ?? '';
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        this.socket.destroy();
        return;
      }
      const waiter = this.waiting.shift();
      if (waiter) waiter(message);
      else this.arrived.push(message);
    }
  }
}
