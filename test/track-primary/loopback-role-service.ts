import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One host of a pair: how its role service behaves is set before it is asked. */
export class LoopbackRoleService {
  public behave: (response: ServerResponse) => void = (response) => void response.end();
  public readonly paths: (string | undefined)[] = [];

  private constructor(
    private readonly server: Server,
    public readonly host: string,
  ) {}

  /** All hosts of a pair listen on one port, as the contract has it, each at a loopback address of its own. */
  public static async start(host: string, port = 0): Promise<LoopbackRoleService> {
    const server = createServer();
    const service = new LoopbackRoleService(server, host);
    server.on('request', (request, response) => {
      service.paths.push(request.url);
      service.behave(response);
    });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(port, host, done);
    });
    return service;
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public say(line: () => string): void {
    this.behave = (response) => void response.end(line());
  }

  public async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
