import { Duration, Tokenization } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import type { MobiLinkServerFarm } from '../farm/mobilink-server-farm';
import { createAlarm } from './alarm';
import type { KnownThresholds } from './thresholds';

const GIB = 2 ** 30;
const MINUTE = Duration.minutes(1);

/** What rings when the consolidated database runs out of connections or of storage. */
export function createDatabaseAlarms(
  scope: Construct,
  database: IConsolidatedDatabase,
  farm: MobiLinkServerFarm,
  thresholds: KnownThresholds,
): cloudwatch.Alarm[] {
  const members = database.primarySource.rdsMembers;
  const percent = connectionsPercent(database, farm);
  return [
    ...(percent
      ? [
          createAlarm(scope, 'ConnectionBudget', {
            meaning: `${database.databaseId} uses ${thresholds.connectionsPercent} % of its connections: at the limit syncs fail.`,
            runbook: 'connection-budget',
            metric: percent,
            threshold: thresholds.connectionsPercent,
            periods: 10,
            // A database that fails over tells nothing for a while, and holds no connections.
            missing: cloudwatch.TreatMissingData.NOT_BREACHING,
          }),
        ]
      : []),
    ...(members.length > 0
      ? [
          createAlarm(scope, 'DatabaseStorage', {
            meaning: `${database.databaseId} has less than ${thresholds.freeStorageGiB} GiB left: a full database stops every sync.`,
            runbook: 'database-storage',
            metric: overMembers('MIN', 'FreeStorageSpace', members, cloudwatch.Stats.MINIMUM),
            operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold: thresholds.freeStorageGiB * GIB,
            periods: 10,
            missing: cloudwatch.TreatMissingData.MISSING,
          }),
        ]
      : []),
  ];
}

/** Connections in percent of those that the database accepts; undefined when nobody said how many these are. */
export function connectionsPercent(
  database: IConsolidatedDatabase,
  farm: MobiLinkServerFarm,
): cloudwatch.IMetric | undefined {
  if (database.maximumConnections === undefined) return undefined;
  const maximum = Tokenization.stringifyNumber(database.maximumConnections);
  const members = database.primarySource.rdsMembers;
  const label = 'Connections of the database, in percent';
  if (members.length > 0) {
    return new cloudwatch.MathExpression({
      expression: `100 * connections / ${maximum}`,
      usingMetrics: { connections: overMembers('MAX', 'DatabaseConnections', members, cloudwatch.Stats.MAXIMUM) },
      period: MINUTE,
      label,
    });
  }
  // No API of AWS knows SQL Anywhere's connections: those of the farm, by the farm's own word, and those that are not its.
  return new cloudwatch.MathExpression({
    expression: `100 * (connections * servers + ${Tokenization.stringifyNumber(database.reservedConnections)}) / ${maximum}`,
    usingMetrics: {
      connections: farm.metricDatabaseConnections({ period: MINUTE }),
      servers: farm.metricHealthyServers({ statistic: cloudwatch.Stats.MAXIMUM, period: MINUTE }),
    },
    period: MINUTE,
    label,
  });
}

/** RDS measures each member of a cluster by itself; which one is the writer changes. */
function overMembers(
  combine: 'MIN' | 'MAX',
  metricName: string,
  members: string[],
  statistic: string,
): cloudwatch.IMetric {
  const metrics = members.map(
    (DBInstanceIdentifier) =>
      new cloudwatch.Metric({
        namespace: 'AWS/RDS',
        metricName,
        dimensionsMap: { DBInstanceIdentifier },
        statistic,
        period: MINUTE,
      }),
  );
  const [only] = metrics;
  if (metrics.length === 1 && only) return only;
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`member${index + 1}`, metric]));
  return new cloudwatch.MathExpression({
    expression: `${combine}([${Object.keys(usingMetrics).join(', ')}])`,
    usingMetrics,
    period: MINUTE,
    label: metricName,
  });
}
