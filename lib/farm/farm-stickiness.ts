/** Whether the remotes behind one address stay on one MobiLink server. */
export class FarmStickiness {
  /**
   * Connections from one address go to one server while it is healthy. SAP recommends it, so that a remote that loses its
   * line and retries at once does not meet its own unfinished synchronization on another server (SAP, "Failover and Load
   * Balancing Considerations for MobiLink Synchronization Server Farms"). It makes this rarer but cannot exclude it; the
   * lock of the remote's row in the consolidated database does.
   */
  public static sourceIp(): FarmStickiness {
    return new FarmStickiness(true);
  }

  /**
   * Each connection may go to any server. For remotes that share few addresses: 2 000 stores behind one NAT gateway would
   * all be on one server. Non-persistent HTTP does not work with it: every request of one synchronization must reach the
   * same server.
   */
  public static none(): FarmStickiness {
    return new FarmStickiness(false);
  }

  private constructor(private readonly bySourceIp: boolean) {}

  /**
   * Attributes of a target group.
   * @internal
   */
  public _attributes(): { [key: string]: string } {
    return this.bySourceIp
      ? { 'stickiness.enabled': 'true', 'stickiness.type': 'source_ip' }
      : { 'stickiness.enabled': 'false' };
  }
}
