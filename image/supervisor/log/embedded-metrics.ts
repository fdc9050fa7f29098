/** Units as CloudWatch spells them (MetricDatum). */
export type Unit = 'Count' | 'Bytes' | 'Microseconds' | 'None';

/** The most metrics that one document may define. */
const MOST_METRICS = 100;

/** What SAP's documents say about the values; all others are numbers of something. */
const UNITS: Readonly<Record<string, Unit>> = {
  CPU_USAGE: 'Microseconds',
  LONGEST_SYNC: 'Microseconds',
  LONGEST_DB_WAIT: 'Microseconds',
  FREE_DISK_SPACE: 'Bytes',
  MEMORY_USED: 'Bytes',
  TCP_BYTES_READ: 'Bytes',
  TCP_BYTES_WRITTEN: 'Bytes',
};

/** The unit of a metric by its name. */
export function unitOf(name: string): Unit {
  return UNITS[name] ?? 'Count';
}

/**
 * One line a document that CloudWatch Logs makes metrics of ("Specification: Embedded metric format", Amazon CloudWatch User Guide:
 * `_aws.Timestamp` in milliseconds, `_aws.CloudWatchMetrics` with `Namespace`, `Dimensions` and `Metrics`, the values at the root).
 */
export function embeddedMetrics(
  { namespace, farm }: { readonly namespace: string; readonly farm: string },
  values: ReadonlyMap<string, number>,
  timestamp: number,
): string[] {
  const entries = [...values];
  const lines: string[] = [];
  for (let from = 0; from < entries.length; from += MOST_METRICS) {
    const part = entries.slice(from, from + MOST_METRICS);
    lines.push(
      JSON.stringify({
        _aws: {
          Timestamp: timestamp,
          CloudWatchMetrics: [
            {
              Namespace: namespace,
              Dimensions: [['Farm']],
              Metrics: part.map(([Name]) => ({ Name, Unit: unitOf(Name) })),
            },
          ],
        },
        Farm: farm,
        ...Object.fromEntries(part),
      }),
    );
  }
  return lines;
}
