import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../validation/acknowledgement';

/** Properties of the place of a pair's backups. */
export interface SqlAnywhereBackupsProps {
  /** How many days a backup is kept. */
  readonly retentionDays: number;

  /**
   * Key for the objects.
   *
   * @default - a key of S3
   */
  readonly encryptionKey?: kms.IKey;
}

/** The bucket of a pair's backups: private, encrypted, versioned, retained. Cost: the list price of S3 for what lies in it. */
export class SqlAnywhereBackups extends Construct {
  /** The bucket. */
  public readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: SqlAnywhereBackupsProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      encryption: props.encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey: props.encryptionKey,
      bucketKeyEnabled: props.encryptionKey !== undefined ? true : undefined,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          id: 'Backups',
          prefix: 'backups/',
          expiration: Duration.days(props.retentionDays),
          // What was deleted or overwritten by mistake can be had back for a week.
          noncurrentVersionExpiration: Duration.days(7),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'Only the two partners write and read here; CloudTrail data events tell who did, where that is wanted.',
    );
  }
}
