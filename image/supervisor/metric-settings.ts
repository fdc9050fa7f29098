/** Which of the server's periodic lines become metrics, and where. */
export interface MetricSettings {
  readonly namespace: string;
  /** The value of the dimension `Farm`. */
  readonly farm: string;
  readonly names: readonly string[];
  /** Finds one value, in the groups `name` and `value`. */
  readonly pattern: RegExp;
}

/** Those that SAP's documents name for servers on Linux, "MobiLink server options", `-ppv`. */
export const KNOWN_NAMES: readonly string[] = [
  'CMD_PROCESSOR_STAGE_LEN',
  'CPU_USAGE',
  'DB_CONNECTIONS',
  'FREE_DISK_SPACE',
  'HEARTBEAT_STAGE_LEN',
  'LONGEST_DB_WAIT',
  'LONGEST_SYNC',
  'ML_NUM_CONNECTED_CLIENTS',
  'NUM_COMMITS',
];

/** `PERIODIC: NAME: value`, one a line. The shape is UNSOURCED, so `=` and no sign at all are taken too. */
export const PERIODIC_LINE = 'PERIODIC:\\s*(?<name>[A-Z][A-Z0-9_]*)\\s*[:=]?\\s*(?<value>-?\\d+(?:\\.\\d+)?)';

/** Why a pattern cannot find values; undefined when it can. */
export function faultOfPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const missing = ['name', 'value'].filter((group) => !pattern.includes(`(?<${group}>`));
  return missing.length === 0
    ? undefined
    : `it has no group ${missing.map((group) => `(?<${group}>...)`).join(' and ')}`;
}
