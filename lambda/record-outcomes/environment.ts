import { positive, readVariables, text } from '../door/variables';

const entries = {
  MOBILINK_REGISTRY_TABLE: text,
  MOBILINK_REGISTRY_SHARDS: positive,
  MOBILINK_METRIC_NAMESPACE: text,
};

export interface Environment {
  readonly registryTable: string;
  readonly shards: number;
  readonly metricNamespace: string;
}

/** What the construct told the function; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const it = readVariables(entries, variables, 'record-outcomes');
  return {
    registryTable: it.MOBILINK_REGISTRY_TABLE,
    shards: it.MOBILINK_REGISTRY_SHARDS,
    metricNamespace: it.MOBILINK_METRIC_NAMESPACE,
  };
}
