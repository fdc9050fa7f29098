import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  ConsolidatedRdsCluster,
  ConsolidatedRdsEngine,
  ConsolidatedRdsInstance,
  ConsolidatedSqlAnywhere,
  type IConsolidatedDatabase,
} from '../lib';
import { sqlAnywhereDatabase } from './sql-anywhere-database';
import type { ClusterConfiguration, ConsolidatedConfiguration, RdsConfiguration } from './stage-configuration';

/** Where a database stands, and what the whole stage has. */
export interface DatabasePlace {
  readonly vpc: ec2.IVpc;
  /** Of one on RDS. */
  readonly vpcSubnets: ec2.SubnetSelection;
  readonly encryptionKey?: kms.IKey;
  readonly logRetention?: logs.RetentionDays;
}

/** The consolidated database that a stage asks for. */
export function consolidatedDatabase(
  scope: Construct,
  stage: ConsolidatedConfiguration,
  place: DatabasePlace,
): IConsolidatedDatabase {
  if (stage.kind === 'rds') return rdsInstance(scope, place, stage);
  if (stage.kind === 'rds-cluster') return rdsCluster(scope, place, stage);
  return new ConsolidatedSqlAnywhere(scope, 'Consolidated', {
    database: sqlAnywhereDatabase(
      scope,
      stage.kind === 'sql-anywhere-pair' ? 'Pair' : 'Server',
      place.vpc,
      stage,
      place,
    ),
    maximumConnections: stage.maximumConnections,
  });
}

function rdsInstance(scope: Construct, place: DatabasePlace, stage: RdsConfiguration): ConsolidatedRdsInstance {
  return new ConsolidatedRdsInstance(scope, 'Consolidated', {
    ...place,
    engine: engineOf(stage),
    instanceType: stage.instanceType === undefined ? undefined : new ec2.InstanceType(stage.instanceType),
    allocatedStorage: stage.allocatedStorageGiB,
    backupRetention: Duration.days(stage.backupDays),
    deletableReason: stage.deletableReason,
  });
}

function engineOf({ engine, maximumConnections, licenceIncluded }: RdsConfiguration): ConsolidatedRdsEngine {
  switch (engine) {
    case 'mysql':
      return ConsolidatedRdsEngine.mysql({ maximumConnections });
    case 'sql-server-standard':
      return ConsolidatedRdsEngine.sqlServerStandard({ maximumConnections });
    case 'sql-server-enterprise':
      return ConsolidatedRdsEngine.sqlServerEnterprise({ maximumConnections });
    case 'oracle-standard-two':
      return ConsolidatedRdsEngine.oracleStandardTwo({ maximumConnections, licenceIncluded });
    case 'oracle-enterprise':
      return ConsolidatedRdsEngine.oracleEnterprise({ maximumConnections });
  }
}

function rdsCluster(scope: Construct, place: DatabasePlace, stage: ClusterConfiguration): ConsolidatedRdsCluster {
  return new ConsolidatedRdsCluster(scope, 'Consolidated', {
    ...place,
    engine: ConsolidatedRdsEngine.mysql({ maximumConnections: stage.maximumConnections }),
    instanceType: new ec2.InstanceType(stage.instanceType),
    allocatedStorage: stage.allocatedStorageGiB,
    iops: stage.iops,
    backupRetention: Duration.days(stage.backupDays),
    deletableReason: stage.deletableReason,
  });
}
