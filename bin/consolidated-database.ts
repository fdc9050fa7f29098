import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
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

interface Place {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets: ec2.SubnetSelection;
}

/** The consolidated database that a stage asks for. */
export function consolidatedDatabase(
  scope: Construct,
  vpc: ec2.IVpc,
  stage: ConsolidatedConfiguration,
  vpcSubnets: ec2.SubnetSelection,
): IConsolidatedDatabase {
  if (stage.kind === 'rds') return rdsInstance(scope, { vpc, vpcSubnets }, stage);
  if (stage.kind === 'rds-cluster') return rdsCluster(scope, { vpc, vpcSubnets }, stage);
  return new ConsolidatedSqlAnywhere(scope, 'Consolidated', {
    database: sqlAnywhereDatabase(scope, stage.kind === 'sql-anywhere-pair' ? 'Pair' : 'Server', vpc, stage),
    maximumConnections: stage.maximumConnections,
  });
}

function rdsInstance(scope: Construct, place: Place, stage: RdsConfiguration): ConsolidatedRdsInstance {
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

function rdsCluster(scope: Construct, place: Place, stage: ClusterConfiguration): ConsolidatedRdsCluster {
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
