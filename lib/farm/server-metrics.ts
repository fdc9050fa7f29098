import { Names } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../primary/contract';

/** What the supervisor makes of the log of mlsrv17, under which names. test/farm compares them with its own. */
export const SERVER_METRICS = {
  databaseConnections: 'DB_CONNECTIONS',
  syncQueue: 'CMD_PROCESSOR_STAGE_LEN',
  connectedClients: 'ML_NUM_CONNECTED_CLIENTS',
  longestDatabaseWait: 'LONGEST_DB_WAIT',
  longestSync: 'LONGEST_SYNC',
  freeDiskSpace: 'FREE_DISK_SPACE',
  serverErrors: 'ServerErrors',
  serverWarnings: 'ServerWarnings',
  databaseErrors: 'DatabaseErrors',
  certificateDaysLeft: 'CertificateDaysLeft',
};

/** Those by which the farm is scaled: they must not stay away. */
export const SCALING_METRICS = {
  databaseConnections: SERVER_METRICS.databaseConnections,
  syncQueue: SERVER_METRICS.syncQueue,
};

/** Dimension of what its servers measure: known at synth, and another one for each farm of an account and Region. */
export function farmIdOf(farm: Construct): string {
  return Names.uniqueResourceName(farm, { maxLength: 64, separator: '-' });
}

/** A metric of all servers of a farm together: each server sends a value a period, so the average is that of a server. */
export function serverMetric(
  farm: Construct,
  metricName: string,
  props: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { Farm: farmIdOf(farm) },
    statistic: cloudwatch.Stats.AVERAGE,
    ...props,
  }).attachTo(farm);
}
