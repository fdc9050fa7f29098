import type { Status } from './messages';

/** The other end of a link, as far as one end knows it. */
export class Peer {
  public connected = false;
  public status: Status | undefined;
  private heardAt = 0;

  constructor(
    public readonly name: string,
    private readonly liveness: number,
  ) {}

  public up(now: number): void {
    this.connected = true;
    this.heardAt = now;
    this.status = undefined;
  }

  public down(): void {
    this.connected = false;
    this.status = undefined;
  }

  public heard(now: number): void {
    this.heardAt = now;
  }

  public isSilent(now: number): boolean {
    return this.connected && now - this.heardAt > this.liveness;
  }
}
