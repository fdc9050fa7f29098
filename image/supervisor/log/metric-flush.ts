import type { MetricSettings } from '../metric-settings';
import { embeddedMetrics } from './embedded-metrics';
import type { LineMeaning } from './line-meaning';
import { measures } from './measures';

export interface MetricFlushSettings {
  readonly metrics: MetricSettings;
  /** The least time between two documents. */
  readonly periodMillis: number;
  readonly print: (line: string) => void;
  readonly onUnknown: (name: string) => void;
  /** What is told beside the lines, as it is when the document is written. */
  readonly gauges: (now: number) => Readonly<Record<string, number>>;
}

/** Turns lines into metrics, one document a period. */
export interface MetricFlush {
  see(line: string, meaning: LineMeaning): void;
  /** What has been seen and not been told. */
  flush(): void;
}

/** The values of one period come one after the other, a line each. */
const GATHERING = 1_000;

export function metricFlush({ metrics, periodMillis, print, onUnknown, gauges }: MetricFlushSettings): MetricFlush {
  const seen = measures(metrics);
  let timer: NodeJS.Timeout | undefined;
  let flushedAt = Number.NEGATIVE_INFINITY;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!seen.hasNews) return;
    flushedAt = performance.now();
    const now = Date.now();
    const values = new Map([...seen.take(), ...Object.entries(gauges(now))]);
    for (const line of embeddedMetrics(metrics, values, now)) print(line);
  };
  return {
    see(line, meaning) {
      const unknown = seen.see(line, meaning);
      if (unknown !== undefined) onUnknown(unknown);
      if (timer !== undefined || !seen.hasNews) return;
      const wait = Math.max(GATHERING, flushedAt + periodMillis - performance.now());
      timer = setTimeout(flush, wait);
      timer.unref();
    },
    flush,
  };
}
