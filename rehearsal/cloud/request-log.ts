import { createHash } from 'node:crypto';

/** One request of a function, byte for byte, and what became of it. */
export interface LoggedRequest {
  /** Virtual time at which it was answered, in milliseconds since 1970. */
  readonly at: number;
  readonly process: string;
  readonly sequence: string;
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly outcome: string;
}

/** Every request in the order of its answer. Two rehearsals are the same when the digests are. */
export class RequestLog {
  public readonly entries: LoggedRequest[] = [];

  public add(request: LoggedRequest): void {
    this.entries.push(request);
  }

  public lines(): string[] {
    return this.entries.map((entry) => JSON.stringify(entry));
  }

  public digest(): string {
    return createHash('sha256').update(this.lines().join('\n')).digest('hex');
  }

  /** How many calls of each operation were made. */
  public counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { service, operation } of this.entries) {
      const name = `${service}:${operation}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }
}
