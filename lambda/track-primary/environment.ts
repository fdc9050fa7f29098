import * as v from 'valibot';
import { readVariables, text } from '../door/variables';
import { CALLS_PER_SECOND } from './pace';

const instance = v.object({
  kind: v.literal('rds-instance'),
  instanceArn: v.pipe(v.string(), v.startsWith('arn:', 'must be an ARN')),
  instanceIdentifier: v.pipe(v.string(), v.minLength(1)),
});

const cluster = v.object({
  kind: v.literal('rds-cluster'),
  clusterArn: v.pipe(v.string(), v.startsWith('arn:', 'must be an ARN')),
  clusterIdentifier: v.pipe(v.string(), v.minLength(1)),
});

const name = v.pipe(v.string(), v.minLength(1, 'is empty'));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const pair = v.object({
  kind: v.literal('sql-anywhere'),
  databaseId: name,
  members: v.pipe(
    v.array(v.object({ server: name, host: name, availabilityZone: v.optional(name) })),
    v.minLength(1, 'must name a server'),
    v.maxLength(2, 'must be the two partners, or a single server'),
    v.check(([first, second]) => first?.server !== second?.server, 'must be two servers'),
  ),
  databasePort: port,
  rolePort: port,
  alias: v.object({ zoneId: name, name }),
});

/** Where a primary is learned of, in the words of the construct. */
export const primarySource = v.variant('kind', [instance, cluster, pair]);

const entries = {
  MOBILINK_DATABASE_ID: text,
  MOBILINK_PRIMARY_TABLE: text,
  MOBILINK_PRIMARY_SOURCE: v.pipe(text, v.parseJson(undefined, 'is not JSON'), primarySource),
  MOBILINK_EVENT_BUS: text,
  MOBILINK_METRIC_NAMESPACE: text,
  MOBILINK_RDS_CALLS_PER_SECOND: v.optional(
    v.pipe(text, v.transform(Number), v.number('is not a number'), v.gtValue(0, 'must be above 0')),
    String(CALLS_PER_SECOND),
  ),
};

export type PairSource = v.InferOutput<typeof pair>;
export type PrimarySource = v.InferOutput<typeof instance> | v.InferOutput<typeof cluster> | PairSource;

export interface Environment {
  readonly databaseId: string;
  readonly table: string;
  readonly source: PrimarySource;
  readonly eventBus: string;
  readonly metricNamespace: string;
  /** How many calls of the RDS API the function may make a second, over the long run. */
  readonly callsPerSecond: number;
}

/** What the construct told the function; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const it = readVariables(entries, variables, 'the primary tracker');
  return {
    databaseId: it.MOBILINK_DATABASE_ID,
    table: it.MOBILINK_PRIMARY_TABLE,
    source: it.MOBILINK_PRIMARY_SOURCE,
    eventBus: it.MOBILINK_EVENT_BUS,
    metricNamespace: it.MOBILINK_METRIC_NAMESPACE,
    callsPerSecond: it.MOBILINK_RDS_CALLS_PER_SECOND,
  };
}
