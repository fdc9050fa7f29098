import { existsSync, readFileSync } from 'node:fs';
import { replaceFile } from '../files/durable';
import { Installation } from '../installation';
import type { JsonLines } from '../json-lines';
import { Arbiter } from '../mirroring/arbiter';
import type { Message, StoredState } from '../mirroring/messages';
import { readStates, writeStates } from '../mirroring/state-file';
import type { ServerHello } from './handshake';
import type { ServerLog } from './server-log';

interface Mirrored {
  readonly rules: Arbiter;
  readonly callers: Map<string, JsonLines>;
  liveness: number;
}

/** An arbiter in a process: partners call it, it calls nobody. */
export class ArbiterServer {
  private readonly databases = new Map<string, Mirrored>();
  private readonly states: Map<string, StoredState>;
  private readonly timer: NodeJS.Timeout;
  private readonly file: string;

  constructor(
    stateFile: string,
    private readonly authentications: ReadonlyMap<string, string>,
    private readonly log: ServerLog,
    pause: number,
  ) {
    this.file = Installation.onHost(stateFile);
    this.states = existsSync(this.file) ? readStates(readFileSync(this.file, 'utf8')) : new Map();
    this.timer = setInterval(() => this.tick(), pause);
  }

  /** The reason why it does not take the call. */
  public accept({ name, database, authentication, liveness }: ServerHello, lines: JsonLines): string | undefined {
    if (this.authentications.get(database) !== authentication)
      return `${name}: wrong authentication string for ${database}`;
    const mirrored = this.mirrored(database);
    mirrored.liveness = liveness;
    mirrored.callers.get(name)?.socket.destroy();
    mirrored.callers.set(name, lines);
    lines.send({ welcome: true });
    mirrored.rules.linkUp(name, Date.now());
    this.log.info(`${name} is connected`);
    void this.listen(name, mirrored, lines);
    return undefined;
  }

  public close(): void {
    clearInterval(this.timer);
  }

  private async listen(name: string, { rules, callers }: Mirrored, lines: JsonLines): Promise<void> {
    for (;;) {
      const message = await lines.next<Message>();
      if (callers.get(name) !== lines) return;
      if (!message) break;
      rules.receive(name, message, Date.now());
    }
    callers.delete(name);
    rules.linkDown(name);
    this.log.info(`${name} is disconnected`);
  }

  private tick(): void {
    for (const { rules, liveness } of this.databases.values()) rules.tick(Date.now(), liveness);
  }

  private mirrored(database: string): Mirrored {
    const known = this.databases.get(database);
    if (known) return known;
    const callers = new Map<string, JsonLines>();
    const rules = new Arbiter(this.states.get(database), {
      save: (state) => {
        this.states.set(database, state);
        replaceFile(this.file, writeStates(this.states));
      },
      send: (partner, message) => callers.get(partner)?.send(message),
      hangUp: (partner) => callers.get(partner)?.socket.destroy(),
    });
    const mirrored = { rules, callers, liveness: 0 };
    this.databases.set(database, mirrored);
    return mirrored;
  }
}
