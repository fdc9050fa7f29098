import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { MobiLinkServerFarm } from '../farm/mobilink-server-farm';
import { createAlarm } from './alarm';
import type { KnownThresholds } from './thresholds';

const GIB = 2 ** 30;

export interface FarmHealthAlarms {
  readonly urgent: cloudwatch.Alarm[];
  readonly others: cloudwatch.Alarm[];
}

/** What rings when remotes meet too few servers, or servers that cannot follow. */
export function createFarmAlarms(
  scope: Construct,
  farm: MobiLinkServerFarm,
  thresholds: KnownThresholds,
): FarmHealthAlarms {
  const belowMinimum = createAlarm(scope, 'FarmBelowMinimum', {
    meaning: 'Fewer MobiLink servers answer the load balancer than there should at least be.',
    runbook: 'farm-below-minimum',
    // Each zone of the load balancer has its own view: one that is cut off must not speak for the others.
    metric: farm.metricHealthyServers({ statistic: cloudwatch.Stats.MAXIMUM, period: Duration.minutes(1) }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    // Without cross-zone balancing each zone counts its own servers only.
    threshold: farm._isCrossZone ? farm._size.minServers : 1,
    periods: thresholds.farmBelowMinimumFor.toMinutes(),
    // The load balancer counts only while there is a server to count.
    missing: cloudwatch.TreatMissingData.BREACHING,
    warmUp: Duration.minutes(30),
  });
  const saturated = createAlarm(scope, 'WorkersSaturated', {
    meaning: 'Synchronization work waits in the MobiLink servers for longer than scaling takes to help.',
    runbook: 'workers-saturated',
    metric: farm.metricSyncQueue({ period: Duration.minutes(5) }),
    threshold: thresholds.syncQueueLength,
    periods: 3,
    // That servers do not tell it is for the alarm of the scaling metrics.
    missing: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const disk = createAlarm(scope, 'ServerDisk', {
    meaning: 'A MobiLink server has less than 2 GiB left for the temporary files of large syncs.',
    runbook: 'server-disk',
    metric: farm.metricFreeDiskSpace({ period: Duration.minutes(5) }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 2 * GIB,
    periods: 3,
    missing: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const others = [saturated, disk, ...(farm._isEncrypted ? [ofCertificate(scope, farm, thresholds)] : [])];
  return { urgent: [belowMinimum], others };
}

function ofCertificate(scope: Construct, farm: MobiLinkServerFarm, { certificateDays }: KnownThresholds) {
  return createAlarm(scope, 'CertificateExpires', {
    meaning: `A certificate that the MobiLink servers use ends in less than ${certificateDays} days. Then no remote synchronizes.`,
    runbook: 'certificate-rollover',
    metric: farm.metricCertificateDaysLeft({ period: Duration.hours(1) }),
    operator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: certificateDays,
    periods: 1,
    // While no server runs the certificate stays as old as it was.
    missing: cloudwatch.TreatMissingData.IGNORE,
  });
}
