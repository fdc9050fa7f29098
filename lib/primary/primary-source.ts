import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as rds from 'aws-cdk-lib/aws-rds';

/** Where the primary tracker learns which member of a consolidated database is primary. */
export class PrimarySource {
  /**
   * An RDS instance in Multi-AZ mode: `DescribeDBInstances` says in which Availability Zone the primary is, and its events
   * are hints to look.
   */
  public static rdsInstance(instance: rds.IDatabaseInstance): PrimarySource {
    return new PrimarySource(
      { kind: 'rds-instance', instanceArn: instance.instanceArn, instanceIdentifier: instance.instanceIdentifier },
      // RDS events reach EventBridge "best effort"; they are matched by ARN because SourceIdentifier is written in two ways
      // in AWS's own samples (RDS User Guide, USER_Events.overview and rds-cloud-watch-events).
      { source: ['aws.rds'], detailType: ['RDS DB Instance Event'], resources: [instance.instanceArn] },
      [{ actions: ['rds:DescribeDBInstances'], resources: [instance.instanceArn] }],
    );
  }

  private constructor(
    private readonly description: { [key: string]: string },
    /** The events that hint at a change of primary. */
    public readonly eventPattern: events.EventPattern,
    private readonly permissions: { actions: string[]; resources: string[] }[],
  ) {}

  /** What the tracker's function is told about the source. */
  public render(): { [key: string]: string } {
    return { ...this.description };
  }

  /** What the tracker's role must be allowed to ask. */
  public statements(): iam.PolicyStatement[] {
    return this.permissions.map((permission) => new iam.PolicyStatement(permission));
  }
}
