import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A sync that has done its work and waits for its virtual end. */
export interface WaitingSync {
  /** The exit code of the stand-in for dbmlsync. */
  readonly exitCode: number;
  readonly processGroup: number;
  /** Resolves when the process is gone, released or not. */
  readonly gone: Promise<void>;
  /** Lets it end. */
  release(exitCode: number): void;
}

/**
 * Where syncs wait until as much virtual time has passed as the scenario wants them to take. The process that waits is the one
 * that the script started as dbmlsync: so the script's lock, its watchdog and its children are as they are during a real sync.
 */
export class SyncGate {
  /** Told of each sync that has come to the gate of a host. */
  public onArrival: (host: string, sync: WaitingSync) => void = () => {};
  private readonly server = createServer((socket) => this.receive(socket));
  private readonly open = new Map<Socket, number>();

  public async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  /** A program that takes dbmlsync's place on a host: it runs the stand-in, and waits. Without a rehearsal it does not wait. */
  public program(host: string, standIn: string): string {
    const { port } = this.server.address() as AddressInfo;
    return [
      '#!/bin/bash',
      `${standIn} "$@"`,
      'code=$?',
      `exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1`,
      `printf '%s %s %s\\n' ${host} "$code" "$$" >&3`,
      'read -r code <&3 || exit 1',
      'exit "$code"',
      '',
    ].join('\n');
  }

  /** Of those that wait. */
  public get pids(): number[] {
    return [...this.open.values()].filter((pid) => pid > 0);
  }

  /** Whatever still waits is ended. */
  public close(): Promise<void> {
    this.kill();
    for (const socket of this.open.keys()) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Ends what waits, at once: when the rehearsal itself ends there is no time for more. */
  public kill(): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
    }
  }

  private receive(socket: Socket): void {
    this.open.set(socket, 0);
    const gone = new Promise<void>((resolve) => {
      socket.once('close', () => {
        this.open.delete(socket);
        resolve();
      });
    });
    // A process that was killed resets its connection.
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!text.endsWith('\n')) return;
      const [host = '', code, pid] = text.trim().split(' ');
      text = '';
      this.open.set(socket, Number(pid));
      const release = (exitCode: number) => {
        if (!socket.destroyed) socket.end(`${exitCode}\n`);
      };
      this.onArrival(host, { exitCode: Number(code), processGroup: groupOf(Number(pid)), gone, release });
    });
  }
}

/** The fifth word of what Linux tells of a process; its name, the second, has no blank in it here. */
function groupOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[4]);
}
