/* Judges samples as CloudWatch would, as far as the alarms of this package need it. */

export interface MetricSpec {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: { readonly Name: string; readonly Value: unknown }[];
}

export interface Alarm extends Partial<MetricSpec> {
  readonly AlarmDescription: string;
  readonly AlarmActions?: unknown[];
  readonly Statistic?: string;
  readonly Period?: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly Metrics?: {
    readonly Id: string;
    readonly Expression?: unknown;
    readonly MetricStat?: { readonly Metric: MetricSpec; readonly Period: number };
  }[];
}

/** One value of each metric, by its id; one number where the alarm has no expression. */
export type Sample = number | undefined | Readonly<Record<string, number | undefined>>;

/** All metrics that an alarm looks at. */
export function metricsOf(alarm: Alarm): MetricSpec[] {
  if (alarm.MetricName !== undefined) return [alarm as MetricSpec];
  return (alarm.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
}

/** The state that samples, the youngest last, lead to; `before` is kept where the alarm says so. */
export function rings(alarm: Alarm, samples: readonly Sample[], before = false): boolean {
  const window = samples.slice(-alarm.EvaluationPeriods).map((sample) => worth(alarm, sample));
  if (window.length < alarm.EvaluationPeriods) throw new Error('too few samples');
  if (window.every((it) => it === undefined)) {
    if (alarm.TreatMissingData === 'ignore') return before;
    return alarm.TreatMissingData === 'breaching';
  }
  return window.every((it) => (it === undefined ? alarm.TreatMissingData === 'breaching' : isBreach(alarm, it)));
}

function isBreach({ ComparisonOperator, Threshold }: Alarm, value: number): boolean {
  if (ComparisonOperator === 'LessThanThreshold') return value < Threshold;
  if (ComparisonOperator === 'GreaterThanOrEqualToThreshold') return value >= Threshold;
  throw new Error(`unknown operator ${ComparisonOperator}`);
}

/** The few functions of metric math that the alarms use. A value that is missing makes the result missing, unless FILL gives one. */
const MATH = {
  IF: (condition: unknown, then: number, otherwise: number) => (condition ? then : otherwise),
  FILL: (value: number, filling: number) => (Number.isNaN(value) ? filling : value),
  MAX: (values: number[]) => Math.max(...values.filter((it) => !Number.isNaN(it))),
  MIN: (values: number[]) => Math.min(...values.filter((it) => !Number.isNaN(it))),
};

function worth(alarm: Alarm, sample: Sample): number | undefined {
  const expression = alarm.Metrics?.find(({ Expression }) => Expression !== undefined)?.Expression;
  if (expression === undefined) {
    if (typeof sample === 'object') throw new Error('one metric has one value');
    return sample;
  }
  if (typeof expression !== 'string') throw new Error('the expression holds a token');
  const given = typeof sample === 'object' ? sample : {};
  const ids = (alarm.Metrics ?? []).flatMap(({ Id, MetricStat }) => (MetricStat ? [Id] : []));
  for (const id of Object.keys(given)) if (!ids.includes(id)) throw new Error(`${id} is none of ${ids.join(', ')}`);
  const isMissing = ids.some(
    (id) => given[id] === undefined && !new RegExp(`FILL\\(${id}\\b|\\[[^\\]]*\\b${id}\\b`).test(expression),
  );
  if (isMissing || ids.every((id) => given[id] === undefined)) return undefined;
  const script = expression.replaceAll(' AND ', ' && ').replaceAll(' OR ', ' || ');
  const judge = new Function(...Object.keys(MATH), ...ids, `return ${script};`);
  const value: unknown = judge(...Object.values(MATH), ...ids.map((id) => given[id] ?? Number.NaN));
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
