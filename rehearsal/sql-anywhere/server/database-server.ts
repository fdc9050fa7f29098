import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Installation } from '../installation';
import { JsonLines } from '../json-lines';
import { ArbiterServer } from './arbiter-server';
import { ClientSession } from './client-session';
import { parseServerArguments, type ServerArguments } from './command-line';
import { type Hello, NOT_FOUND, type ServerHello } from './handshake';
import { PAUSE_MILLIS } from './mirrored-partner';
import { RoleService } from './role-service';
import { RunningDatabase } from './running-database';
import { ServerLog } from './server-log';

/** Milliseconds that a server which is told to end slowly takes. */
const SLOW_END_MILLIS = 1_000;

/** Milliseconds between two looks whether the host is still there: a server does not outlive its test. */
const LOOK_MILLIS = 1_000;

/** The process of dbsrv17, in the foreground until it is told to stop. */
export class DatabaseServer {
  private readonly settings: ServerArguments;
  private readonly log: ServerLog;
  private readonly variants;
  private readonly clients = new Set<Socket>();
  private readonly listener = createServer((socket) => this.receive(socket));
  private database: RunningDatabase | undefined;
  private service: RoleService | undefined;
  private arbiter: ArbiterServer | undefined;

  constructor(
    private readonly installation: Installation,
    words: readonly string[],
  ) {
    this.settings = parseServerArguments(installation.arguments(words));
    this.variants = installation.variants();
    this.log = new ServerLog(this.settings.log);
  }

  public start(): void {
    const { settings, installation, variants, log } = this;
    const names = installation.hosts();
    this.listener.on('error', (error) => this.fail(error.message));
    const { host, port } = names.listening(settings.port);
    this.listener.listen(port, host, () => {
      installation.journal(`started ${settings.name}`);
      log.info(`Server "${settings.name}" started`);
      if (settings.arbiter) {
        const { stateFile, authentications } = settings.arbiter;
        this.arbiter = new ArbiterServer(stateFile, authentications, log, Math.min(variants.second, PAUSE_MILLIS));
      } else if (settings.database) {
        this.open(settings.database);
      }
    });
    process.on('SIGTERM', () => this.terminate());
    process.on('SIGINT', () => this.stop());
    setInterval(() => existsSync(installation.folder) || process.exit(0), LOOK_MILLIS);
  }

  private open({ file, mirrored }: { file: string; mirrored: boolean }): void {
    const { settings, installation, variants, log } = this;
    const names = installation.hosts();
    try {
      this.database = new RunningDatabase({
        server: settings.name,
        file,
        mirrored,
        installation,
        names,
        variants,
        log,
        onAccess: () => this.service?.settle(),
        onRestart: () => {
          for (const socket of this.clients) socket.destroy();
        },
        onIncompatible: () =>
          variants.incompatible === 'ends' ? this.fail('the database is incompatible') : undefined,
      });
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
    if (settings.httpPort === undefined) return;
    const address = names.listeningHttp(settings.httpPort);
    this.service = new RoleService(settings.name, this.database, variants, address, (reason) => this.fail(reason));
    this.service.settle();
  }

  private receive(socket: Socket): void {
    const lines = new JsonLines(socket);
    void lines.next<Hello>().then((hello) => {
      if (hello?.hello === 'server') return this.receiveServer(hello, lines);
      if (hello?.hello !== 'client') return socket.destroy();
      if (!this.database) return socket.end(`${JSON.stringify(NOT_FOUND)}\n`);
      this.clients.add(socket);
      socket.once('close', () => this.clients.delete(socket));
      const { installation, variants, database, settings } = this;
      const options = { server: settings.name, database, variants, installation, stop: () => this.stop() };
      return new ClientSession(lines, options).serve(hello);
    });
  }

  private receiveServer(hello: ServerHello, lines: JsonLines): void {
    const mirroring = this.database?.mirroring;
    // A partner whose statements have not been run yet is not there for the others.
    if (!this.arbiter && !mirroring) {
      lines.socket.destroy();
      return;
    }
    const reason = this.arbiter ? this.arbiter.accept(hello, lines) : mirroring?.accept(hello, lines);
    if (reason === undefined) return;
    this.log.error(reason);
    this.installation.journal(`refused: ${reason}`);
    lines.send({ error: reason, code: 1 });
    lines.socket.end();
  }

  private terminate(): void {
    if (this.variants.sigterm === 'ignore') this.log.info('SIGTERM is ignored');
    else if (this.variants.sigterm === 'slow') setTimeout(() => this.stop(), SLOW_END_MILLIS);
    else this.stop();
  }

  private stop(): void {
    this.log.info(`Server "${this.settings.name}" ends`);
    this.database?.close();
    this.arbiter?.close();
    // What was promised to somebody over the line is on its way.
    setImmediate(() => process.exit(this.variants.exit_stopped));
  }

  private fail(reason: string): never {
    this.log.error(reason);
    this.installation.journal(`failed: ${reason}`);
    process.exit(this.variants.exit_failed);
  }
}
