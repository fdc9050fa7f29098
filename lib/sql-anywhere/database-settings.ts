import type { Duration } from 'aws-cdk-lib';
import type { SqlAnywhereDatabaseProps } from './sql-anywhere-database-props';
import type { SqlAnywherePairProps } from './sql-anywhere-pair-props';
import { SynchronizationMode } from './synchronization-mode';

/** The props that a pair and a single server have in common, with every default filled in, as numbers. */
export interface DatabaseSettings {
  readonly databaseName: string;
  readonly port: number;
  readonly rolePort: number;
  readonly zoneName: string;
  readonly mobiLinkUser: string;
  readonly dataVolumeSize: number;
  readonly databaseOptions: string[];
  readonly initOptions: string[];
  readonly backupHour: number;
  readonly backupDays: number;
  readonly logDays: number;
}

/** The props of a pair with every default filled in, as numbers. */
export interface PairSettings extends DatabaseSettings {
  readonly livenessSeconds: number;
  readonly synchronizationMode: SynchronizationMode;
  readonly outageDays: number;
}

/** A week more than needed: backups fail, and somebody has to see it. UNSOURCED. */
const MARGIN_DAYS = 7;

/** @param outageDays the longest outage of a mirror; 0 where there is none */
export function databaseSettings(props: SqlAnywhereDatabaseProps, outageDays = 0): DatabaseSettings {
  const backupDays = daysOf(props.backupRetention, 35);
  return {
    databaseName: props.databaseName ?? 'consolidated',
    port: props.port ?? 2638,
    rolePort: props.rolePort ?? 8090,
    zoneName: props.zone?.zoneName ?? props.zoneName ?? 'mobilink-ha.internal',
    mobiLinkUser: props.mobiLinkUser ?? 'mobilink',
    dataVolumeSize: props.dataVolumeSize ?? 100,
    databaseOptions: props.databaseOptions ?? [],
    initOptions: props.initOptions ?? [],
    backupHour: props.backupHour ?? 2,
    backupDays,
    logDays: daysOf(props.offlineLogRetention, Math.max(backupDays, outageDays) + MARGIN_DAYS),
  };
}

export function pairSettings(props: SqlAnywherePairProps): PairSettings {
  const outageDays = daysOf(props.longestMirrorOutage, 7);
  return {
    ...databaseSettings(props, outageDays),
    livenessSeconds: props.livenessTimeout?.toSeconds({ integral: false }) ?? 30,
    synchronizationMode: props.synchronizationMode ?? SynchronizationMode.synchronous(),
    outageDays,
  };
}

function daysOf(duration: Duration | undefined, otherwise: number): number {
  return duration?.toDays({ integral: false }) ?? otherwise;
}
