import { connect } from 'node:net';
import type { Installation } from '../installation';
import { JsonLines } from '../json-lines';
import type { ClientWord, ServerWord } from '../mobilink/protocol';
import { SyncError } from './sync-log';

/** The connection of a sync to its MobiLink server. */
export class MobiLinkConnection {
  /** @param address - `host=…;port=…` */
  public static async open(address: string, installation: Installation): Promise<MobiLinkConnection> {
    const [, host = ''] = /(?:^|;)host=([^;]+)/i.exec(address) ?? [];
    const [, port = '2439'] = /(?:^|;)port=(\d+)/i.exec(address) ?? [];
    // An address of this machine is no name, and has no place in the host's names.
    const known = /^127\./.test(host) ? { host, port: Number(port) } : installation.hosts().resolve(host, Number(port));
    if (!known) throw new SyncError(`Unable to find the MobiLink server ${host}`);
    const socket = connect(known);
    const lines = new JsonLines(socket);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), lines.closed]);
    if (socket.destroyed) throw new SyncError(`Unable to connect to the MobiLink server ${host}`);
    return new MobiLinkConnection(lines);
  }

  private constructor(private readonly lines: JsonLines) {}

  /** @param lost - rejects when the other connection of the sync is gone: then there is nothing to wait for */
  public async ask(word: ClientWord, lost: Promise<never>): Promise<ServerWord> {
    this.lines.send(word);
    const answer = await Promise.race([this.lines.next<ServerWord>(), lost]);
    if (!answer) throw new SyncError('The connection to the MobiLink server was lost');
    if ('error' in answer) throw new SyncError(answer.error);
    return answer;
  }

  public close(): void {
    this.lines.socket.destroy();
  }
}
