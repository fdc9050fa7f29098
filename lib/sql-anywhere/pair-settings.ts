import type { SqlAnywherePairProps } from './sql-anywhere-pair-props';
import { SynchronizationMode } from './synchronization-mode';

/** The props with every default filled in, as numbers. */
export interface PairSettings {
  readonly databaseName: string;
  readonly port: number;
  readonly rolePort: number;
  readonly zoneName: string;
  readonly mobiLinkUser: string;
  readonly dataVolumeSize: number;
  readonly livenessSeconds: number;
  readonly synchronizationMode: SynchronizationMode;
  readonly databaseOptions: string[];
  readonly initOptions: string[];
  readonly backupHour: number;
  readonly backupDays: number;
  readonly outageDays: number;
  readonly logDays: number;
}

/** A week more than needed: backups fail, and somebody has to see it. UNSOURCED. */
const MARGIN_DAYS = 7;

export function pairSettings(props: SqlAnywherePairProps): PairSettings {
  const days = (duration: { toDays(options: { integral: boolean }): number } | undefined, otherwise: number) =>
    duration?.toDays({ integral: false }) ?? otherwise;
  const backupDays = days(props.backupRetention, 35);
  const outageDays = days(props.longestMirrorOutage, 7);
  return {
    databaseName: props.databaseName ?? 'consolidated',
    port: props.port ?? 2638,
    rolePort: props.rolePort ?? 8090,
    zoneName: props.zone?.zoneName ?? props.zoneName ?? 'mobilink-ha.internal',
    mobiLinkUser: props.mobiLinkUser ?? 'mobilink',
    dataVolumeSize: props.dataVolumeSize ?? 100,
    livenessSeconds: props.livenessTimeout?.toSeconds({ integral: false }) ?? 30,
    synchronizationMode: props.synchronizationMode ?? SynchronizationMode.synchronous(),
    databaseOptions: props.databaseOptions ?? [],
    initOptions: props.initOptions ?? [],
    backupHour: props.backupHour ?? 2,
    backupDays,
    outageDays,
    logDays: days(props.offlineLogRetention, Math.max(backupDays, outageDays) + MARGIN_DAYS),
  };
}
