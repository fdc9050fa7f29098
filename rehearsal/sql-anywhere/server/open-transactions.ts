/** Transactions of event handlers that wait for their command: what they hold locks on, dbmlsync cannot have (facts §6). */
export class OpenTransactions {
  private readonly open = new Set<symbol>();
  private waiting: (() => void)[] = [];

  public get any(): boolean {
    return this.open.size > 0;
  }

  /** Begins one; what comes back ends it. */
  public begin(): () => void {
    const transaction = Symbol();
    this.open.add(transaction);
    return () => {
      if (this.open.delete(transaction) && !this.any) this.free();
    };
  }

  /** Resolves when there is none. */
  public async ended(): Promise<void> {
    while (this.any) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** The database restarts: all are rolled back. */
  public rollBack(): void {
    this.open.clear();
    this.free();
  }

  private free(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}
