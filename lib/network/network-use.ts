/** What a part of the system calls from inside a VPC, and therefore needs a way to: a NAT gateway, or these endpoints. */
export class NetworkUse {
  /**
   * MobiLink servers, and the tasks that prepare the database and rotate its login: their image (`ecr.api`, `ecr.dkr`, whose layers lie in S3),
   * their log and metrics (`logs`), login and certificates (`secretsmanager`), scripts (S3).
   */
  public static readonly SERVERS = new NetworkUse(
    'MobiLink servers',
    ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager'],
    ['s3'],
    undefined,
  );

  /**
   * The primary tracker of a mirrored pair, which asks its partners in their network: the record (DynamoDB), its announcements (`events`). Without a way to
   * Route 53 besides, the alias of the pair is not led to its primary, which `metricFailedAliasUpdates` counts; all else works.
   */
  public static readonly PAIR_TRACKER = new NetworkUse('the primary tracker', ['events'], ['dynamodb'], undefined);

  /**
   * Hosts of SQL Anywhere: commands (`ssm`, `ssmmessages`, `ec2messages`), volumes (`ec2`), signals (`cloudformation`), logins
   * (`secretsmanager`), metrics (`monitoring`), logs, software and backups (S3).
   */
  public static readonly SQL_ANYWHERE_HOSTS = new NetworkUse(
    'hosts of SQL Anywhere',
    ['ssm', 'ssmmessages', 'ec2messages', 'ec2', 'cloudformation', 'secretsmanager', 'monitoring', 'logs'],
    ['s3'],
    'Route 53, where a host renews its record, and the repositories of packages are reached over the internet',
  );

  private constructor(
    /** The part, as an error names it. */
    public readonly part: string,
    /** Short names of the services that need an interface endpoint where there is no NAT gateway. */
    public readonly interfaceServices: string[],
    /** Short names of the services that have a gateway endpoint, which costs nothing: `s3`, `dynamodb`. */
    public readonly gatewayServices: string[],
    /** Why endpoints are not enough; undefined when they are. */
    public readonly needsInternetBecause: string | undefined,
  ) {}
}
