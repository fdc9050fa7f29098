import { connect } from 'node:net';
import { hostsOf, parseConnectionString } from '../connection-string';
import { type Installation, Refusal } from '../installation';
import { JsonLines } from '../json-lines';
import { type ClientHello, NOT_FOUND, type Reply, type Request, type Welcome } from '../server/handshake';

/** A tool cannot do its work: what it prints, and its exit code. */
export class ToolFailure extends Error {
  constructor(
    message: string,
    public readonly code: number,
  ) {
    super(message);
  }
}

export const LOST = new ToolFailure('Connection was terminated (SQLCODE -308)', 6);

/** Milliseconds that a server may take to say whether a client may come in. The lower bound of TCP's own: facts §3.2 [C7]. */
const PATIENCE_MILLIS = 5_000;

const PAUSE_MILLIS = 500;

/** A connection of a tool to a database. */
export class Client {
  /** Tries every host of the connection string; again for RetryConnTO seconds if the server was not found (facts §3.2 [C7]). */
  public static async connect(text: string, installation: Installation, demanded: readonly string[]): Promise<Client> {
    const parts = readParts(text, demanded);
    const until = Date.now() + Number(parts.RetryConnTO ?? 0) * 1_000;
    const names = installation.hosts();
    const hello: ClientHello = {
      hello: 'client',
      server: parts.SERVER,
      database: parts.DBN,
      user: parts.UID,
      password: parts.PWD,
    };
    for (;;) {
      let failure: { error: string; code: number } = NOT_FOUND;
      for (const host of hostsOf(parts.HOST ?? '')) {
        const address = names.resolve(host.name, host.port);
        const lines = address && (await dial(address, hello));
        if (!lines) continue;
        if (lines instanceof JsonLines) return new Client(lines);
        failure = lines;
        if (lines.code !== NOT_FOUND.code) break;
      }
      if (failure.code !== NOT_FOUND.code || Date.now() >= until) {
        throw new ToolFailure(failure.error, failure.code);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
    }
  }

  private constructor(private readonly lines: JsonLines) {}

  /** Resolves when the connection is gone. */
  public get lost(): Promise<void> {
    return this.lines.closed;
  }

  public send(request: Request): void {
    this.lines.send(request);
  }

  public async reply(): Promise<Reply> {
    const reply = await this.lines.next<Reply>();
    if (!reply) throw LOST;
    return reply;
  }

  public close(): void {
    this.lines.socket.destroy();
  }
}

function readParts(text: string, demanded: readonly string[]) {
  try {
    const parts = parseConnectionString(text);
    for (const key of demanded) {
      if (!parts[key as keyof typeof parts]) throw new Refusal(`the connection string has no ${key}`);
    }
    return parts;
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error));
  }
}

async function dial(
  address: { host: string; port: number },
  hello: ClientHello,
): Promise<JsonLines | { error: string; code: number } | undefined> {
  const socket = connect(address);
  const lines = new JsonLines(socket);
  const giveUp = setTimeout(() => socket.destroy(), PATIENCE_MILLIS);
  socket.once('connect', () => lines.send(hello));
  const welcome = await lines.next<Welcome>();
  clearTimeout(giveUp);
  if (welcome && 'welcome' in welcome) return lines;
  socket.destroy();
  return welcome;
}
