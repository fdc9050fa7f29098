import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import {
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  ConsolidatedSqlAnywhere,
  type IConsolidatedDatabase,
  SqlAnywherePair,
  SqlAnywhereSoftware,
} from '../lib';
import type { PairConfiguration, RdsConfiguration } from './stage-configuration';

/** The consolidated database that a stage asks for. */
export function consolidatedDatabase(
  scope: Construct,
  vpc: ec2.IVpc,
  stage: RdsConfiguration | PairConfiguration,
): IConsolidatedDatabase {
  return stage.kind === 'rds' ? rdsInstance(scope, vpc, stage) : mirroredPair(scope, vpc, stage);
}

function rdsInstance(scope: Construct, vpc: ec2.IVpc, stage: RdsConfiguration): ConsolidatedRdsInstance {
  return new ConsolidatedRdsInstance(scope, 'Consolidated', {
    vpc,
    engine: ConsolidatedRdsEngine.mysql({ maximumConnections: stage.maximumConnections }),
    instanceType: new ec2.InstanceType(stage.instanceType),
    allocatedStorage: stage.allocatedStorageGiB,
    backupRetention: Duration.days(stage.backupDays),
    deletableReason: stage.deletableReason,
  });
}

function mirroredPair(scope: Construct, vpc: ec2.IVpc, stage: PairConfiguration): ConsolidatedSqlAnywhere {
  const pair = new SqlAnywherePair(scope, 'Pair', {
    vpc,
    machineImage: machineImage(stage.machineImage),
    software: software(scope, stage),
    databaseName: stage.databaseName,
    instanceType: new ec2.InstanceType(stage.instanceType),
    arbiterInstanceType: new ec2.InstanceType(stage.arbiterInstanceType),
    dataVolumeSize: stage.dataVolumeGiB,
    livenessTimeout: stage.livenessSeconds === undefined ? undefined : Duration.seconds(stage.livenessSeconds),
    backupRetention: stage.backupDays === undefined ? undefined : Duration.days(stage.backupDays),
    backupHour: stage.backupHour,
  });
  return new ConsolidatedSqlAnywhere(scope, 'Consolidated', { database: pair, maximumConnections: stage.maximumConnections });
}

/** By id, whatever the Region is: `genericLinux` needs to know it, and a stage without account has none at synth. */
function machineImage(imageId: string): ec2.IMachineImage {
  const image = { imageId, osType: ec2.OperatingSystemType.LINUX, userData: ec2.UserData.forLinux() };
  return { getImage: () => image };
}

function software(scope: Construct, { installer }: PairConfiguration): SqlAnywhereSoftware {
  if (!installer) return SqlAnywhereSoftware.inMachineImage();
  const bucket = s3.Bucket.fromBucketName(scope, 'InstallerBucket', installer.bucketName);
  return SqlAnywhereSoftware.fromBucket(bucket, installer.key);
}
