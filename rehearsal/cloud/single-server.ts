import type { Clock } from './clock';

/** A SQL Anywhere server without a mirror, in virtual time: it has no role, and nobody takes over. */
export class SingleServer {
  private running = true;

  constructor(
    /** Name of the database server. */
    public readonly server: string,
    /** Name of the host. */
    public readonly host: string,
    public readonly address: string,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Its process, or its host, is gone; the kernel or the network says so. */
  public kill(): void {
    this.running = false;
  }

  public start(): void {
    this.running = true;
  }

  public get reach(): 'open' | 'refused' {
    return this.running ? 'open' : 'refused';
  }

  /** The answer of the role service; undefined while nothing listens. */
  public get roleLine(): string | undefined {
    if (!this.running) return undefined;
    const clock = new Date(this.clock.now()).toISOString().replace('T', ' ').replace('Z', '');
    return `server=${this.server};role=none;state=none;partner=none;arbiter=none;mode=none;clock=${clock}`;
  }
}
