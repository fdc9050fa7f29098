import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type ISqlAnywhereDatabase, SqlAnywherePair, SqlAnywhereServer, SqlAnywhereSoftware } from '../lib';
import type { SqlAnywhereConfiguration } from './stage-configuration';

/** What a database of SQL Anywhere has of its stage. */
export interface SqlAnywhereSurroundings {
  /** Each database of a network needs one of its own. */
  readonly zoneName?: string;
  readonly encryptionKey?: kms.IKey;
  readonly logRetention?: logs.RetentionDays;
}

/** A mirrored pair or a single server. */
export function sqlAnywhereDatabase(
  scope: Construct,
  id: string,
  vpc: ec2.IVpc,
  stage: SqlAnywhereConfiguration,
  { zoneName, encryptionKey, logRetention }: SqlAnywhereSurroundings = {},
): ISqlAnywhereDatabase {
  const props = {
    vpc,
    zoneName,
    encryptionKey,
    logRetention,
    machineImage: machineImage(stage.machineImage),
    software: software(scope, stage),
    databaseName: stage.databaseName,
    instanceType: new ec2.InstanceType(stage.instanceType),
    dataVolumeSize: stage.dataVolumeGiB,
    backupRetention: days(stage.backupDays),
    offlineLogRetention: days(stage.logDays),
    backupHour: stage.backupHour,
  };
  if (stage.kind === 'sql-anywhere-server') return new SqlAnywhereServer(scope, id, props);
  return new SqlAnywherePair(scope, id, {
    ...props,
    arbiterInstanceType: new ec2.InstanceType(stage.arbiterInstanceType),
    livenessTimeout: stage.livenessSeconds === undefined ? undefined : Duration.seconds(stage.livenessSeconds),
  });
}

function days(count: number | undefined): Duration | undefined {
  return count === undefined ? undefined : Duration.days(count);
}

/** By id, whatever the Region is: `genericLinux` needs to know it, and a stage without account has none at synth. */
function machineImage(imageId: string): ec2.IMachineImage {
  const image = { imageId, osType: ec2.OperatingSystemType.LINUX, userData: ec2.UserData.forLinux() };
  return { getImage: () => image };
}

function software(scope: Construct, { installer }: SqlAnywhereConfiguration): SqlAnywhereSoftware {
  if (!installer) return SqlAnywhereSoftware.inMachineImage();
  const id = 'InstallerBucket';
  const there = scope.node.tryFindChild(id) as s3.IBucket | undefined;
  return SqlAnywhereSoftware.fromBucket(
    there ?? s3.Bucket.fromBucketName(scope, id, installer.bucketName),
    installer.key,
  );
}
