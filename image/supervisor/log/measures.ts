import type { MetricSettings } from '../metric-settings';
import type { LineMeaning } from './line-meaning';

/** What the lines since the last flush have said in numbers. */
export interface Measures {
  /** Takes one line; returns the name of a periodic value that is not known, the first time. */
  see(line: string, meaning: LineMeaning): string | undefined;
  /** Whether there is anything to tell. */
  readonly hasNews: boolean;
  /** The values, which are forgotten then. */
  take(): ReadonlyMap<string, number>;
}

/** Names that a metric of CloudWatch may have are not all that a document may hold. */
const RESERVED = new Set(['_aws', 'Farm']);
/** A pattern that matches too much must not fill the memory. */
const MOST_UNKNOWN = 200;

const COUNTERS = ['ServerErrors', 'ServerWarnings', 'DatabaseErrors'] as const;

/** Collects periodic values, the last one of each name, and counts errors. */
export function measures({ names, pattern }: MetricSettings): Measures {
  const known = new Set(names.filter((it) => !RESERVED.has(it)));
  const unknown = new Set<string>();
  let values = new Map<string, number>();
  let counts = noCounts();
  return {
    see(line, { severity, isDatabase }) {
      if (severity === 'error') counts.ServerErrors++;
      if (severity === 'warning') counts.ServerWarnings++;
      if (isDatabase) counts.DatabaseErrors++;
      const groups = pattern.exec(line)?.groups;
      const name = groups?.name;
      const value = Number(groups?.value);
      if (name === undefined || !Number.isFinite(value)) return undefined;
      if (known.has(name)) {
        values.set(name, value);
        return undefined;
      }
      if (unknown.has(name) || unknown.size >= MOST_UNKNOWN) return undefined;
      unknown.add(name);
      return name;
    },
    get hasNews() {
      return values.size > 0 || COUNTERS.some((it) => counts[it] > 0);
    },
    take() {
      const taken = new Map([...values, ...COUNTERS.map((it) => [it, counts[it]] as const)]);
      values = new Map();
      counts = noCounts();
      return taken;
    },
  };
}

function noCounts(): Record<(typeof COUNTERS)[number], number> {
  return { ServerErrors: 0, ServerWarnings: 0, DatabaseErrors: 0 };
}
