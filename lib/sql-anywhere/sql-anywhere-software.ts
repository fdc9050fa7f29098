import type * as s3 from 'aws-cdk-lib/aws-s3';

/** Where a host gets SQL Anywhere 17 from. This package never holds or downloads anything of SAP's. */
export class SqlAnywhereSoftware {
  /**
   * SAP's installer for Linux, which you put there: a `.tar.gz` with `setup` at its top. Give each version a key of its own, so that a
   * new one is a change of the launch templates.
   */
  public static fromBucket(bucket: s3.IBucket, objectKey: string): SqlAnywhereSoftware {
    return new SqlAnywhereSoftware(bucket, objectKey);
  }

  /** The machine image holds it, installed in `/opt/sqlanywhere17` with its licence. */
  public static inMachineImage(): SqlAnywhereSoftware {
    return new SqlAnywhereSoftware(undefined, undefined);
  }

  private constructor(
    /** The bucket of the installer; undefined if the image holds the software. */
    public readonly bucket: s3.IBucket | undefined,
    /** The key of the installer. */
    public readonly objectKey: string | undefined,
  ) {}
}
