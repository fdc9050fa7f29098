/** How a commit on the primary and the mirror's log depend on each other. */
export class SynchronizationMode {
  /** A commit waits until the mirror has written its log: losing the primary loses no committed transaction. */
  public static synchronous(): SynchronizationMode {
    return new SynchronizationMode('synchronous', undefined);
  }

  /**
   * A commit does not wait, and a failover **loses committed transactions**, also those of uploads that remotes were told to be safe:
   * such rows never come again by themselves. Automatic failover is turned on, as these modes have none by themselves.
   *
   * @param reason why this loss is acceptable
   */
  public static asynchronous(reason: string): SynchronizationMode {
    return new SynchronizationMode('asynchronous', reason);
  }

  private constructor(
    /** Value of SQL Anywhere's option `synchronization_mode`. */
    public readonly value: string,
    /** Why losing committed transactions is acceptable; undefined where none are lost. */
    public readonly reason: string | undefined,
  ) {}
}
