/** A script as the task that prepares the database is told of it. */
export interface BoundScript {
  readonly name: string;
  readonly version: string;
  readonly bucket: string;
  readonly key: string;
  readonly sha256: string;
  readonly objectArn: string;
}
