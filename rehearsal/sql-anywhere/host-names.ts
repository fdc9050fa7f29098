import { existsSync, readFileSync } from 'node:fs';

export interface HostAddress {
  readonly address: string;
  readonly port: number;
  readonly httpPort: number;
}

/** The line that tells where the servers of this very host listen. */
const THIS_HOST = '127.0.0.1';

/**
 * What a host sees of the others: lines of `name address port-for-database port-for-http`. Each host has a file of its own, so that
 * every link can lead through something that cuts it. Without a line a name leads to this machine, with the ports as they are.
 */
export class HostNames {
  private readonly lines = new Map<string, HostAddress>();

  /** @param file - @default - none */
  constructor(file?: string) {
    if (!file || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const [name = '', address = '', port, httpPort] = line.split(/\s+/);
      this.lines.set(name, { address, port: Number(port), httpPort: Number(httpPort) });
    }
  }

  /** Undefined for a name that is not known: as when DNS has no answer. */
  public resolve(name: string, port: number): { host: string; port: number } | undefined {
    const line = this.lines.get(name);
    if (line) return { host: line.address, port: line.port };
    return name === THIS_HOST || name === 'localhost' ? { host: THIS_HOST, port } : undefined;
  }

  public listening(port: number): { host: string; port: number } {
    const line = this.lines.get(THIS_HOST);
    return line ? { host: line.address, port: line.port } : { host: THIS_HOST, port };
  }

  public listeningHttp(port: number): { host: string; port: number } {
    const line = this.lines.get(THIS_HOST);
    return line ? { host: line.address, port: line.httpPort } : { host: THIS_HOST, port };
  }
}
