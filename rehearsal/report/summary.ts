import type { Measure } from './checks';

export interface ScenarioResult {
  readonly scenario: string;
  readonly measures: Measure[];
}

/** The table of what was measured: a row a figure, with median and maximum over all runs. */
export function summaryTable(results: ScenarioResult[]): string[] {
  const rows = new Map<string, { scenario: string; measure: Measure; values: number[] }>();
  for (const { scenario, measures } of results) {
    for (const measure of measures) {
      const key = `${scenario}/${measure.name}`;
      const row = rows.get(key) ?? { scenario, measure, values: [] };
      row.values.push(measure.value);
      rows.set(key, row);
    }
  }
  const lines = [...rows.values()].map(({ scenario, measure, values }) => [
    scenario,
    measure.name,
    figure(percentile(values, 0.5), measure.unit),
    figure(Math.max(...values), measure.unit),
    String(values.length),
  ]);
  return align([['scenario', 'measured', 'p50', 'max', 'runs'], ...lines]);
}

/** The value below or at which the share of all values lies, by the nearest rank. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function figure(value: number, unit: Measure['unit']): string {
  return unit === 's' ? `${(value / 1000).toFixed(1)} s` : String(value);
}

/** Columns, the third and later ones to the right. */
export function align(rows: string[][]): string[] {
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
