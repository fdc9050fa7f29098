import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Variants } from '../variants';
import { questionsTo, runProcedure } from './questions';
import type { RunningDatabase } from './running-database';

/** The HTTP server inside a database server (`-xs`): it runs the services that the database has. */
export class RoleService {
  private readonly http = createServer((request, response) => this.answer(request, response));
  private isOpen = false;
  private closed = false;

  constructor(
    private readonly server: string,
    private readonly database: RunningDatabase,
    private readonly variants: Variants,
    private readonly address: { readonly host: string; readonly port: number },
    private readonly onFailed: (reason: string) => void,
  ) {
    this.http.on('error', (error) => this.onFailed(`HTTP: ${error.message}`));
  }

  /** Opens or closes the port, as the database is now. */
  public settle(): void {
    const wanted = !this.closed && (this.variants.waiting_http !== 'refused' || this.serves);
    if (wanted === this.isOpen) return;
    this.isOpen = wanted;
    if (wanted) {
      this.http.listen(this.address.port, this.address.host);
    } else {
      this.http.close();
      this.http.closeAllConnections();
    }
  }

  public close(): void {
    this.closed = true;
    this.settle();
  }

  private get serves(): boolean {
    const { isAccessible, isReadOnly } = this.database;
    return isAccessible && (!isReadOnly || this.variants.mirror_http === 'yes');
  }

  private answer({ url, method }: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Connection', 'close');
    if (!this.serves) {
      if (this.variants.waiting_http === '503') response.writeHead(503).end('Service Unavailable');
      return;
    }
    const service = this.database.now.services[new URL(url ?? '/', 'http://host').pathname.slice(1)];
    const questions = questionsTo(this.server, this.database, this.variants, service?.user ?? '');
    const result = service && runProcedure(service.procedure, this.database, questions);
    if (!result) {
      response.writeHead(404).end('Not Found');
      return;
    }
    if (method !== 'GET') {
      response.writeHead(405).end();
      return;
    }
    response.statusCode = 200;
    response.setHeader('Content-Type', 'text/plain');
    for (const [name, value] of result.headers) {
      if (name === '@HttpStatus') response.statusCode = Number(value);
      else response.setHeader(name, value ?? '');
    }
    response.end(`${result.line ?? ''}`);
  }
}
