import { readVariables, text } from '../door/variables';

const entries = {
  MOBILINK_REGISTRY_TABLE: text,
  MOBILINK_RUNS_TABLE: text,
  MOBILINK_DISPATCH_QUEUE: text,
  MOBILINK_COLLECT_QUEUE: text,
  MOBILINK_EVENT_BUS: text,
  MOBILINK_METRIC_NAMESPACE: text,
};

export interface Environment {
  readonly registryTable: string;
  readonly runsTable: string;
  readonly dispatchQueue: string;
  readonly collectQueue: string;
  readonly eventBus: string;
  readonly metricNamespace: string;
}

/** What the construct told the function; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const it = readVariables(entries, variables, 'collect-syncs');
  return {
    registryTable: it.MOBILINK_REGISTRY_TABLE,
    runsTable: it.MOBILINK_RUNS_TABLE,
    dispatchQueue: it.MOBILINK_DISPATCH_QUEUE,
    collectQueue: it.MOBILINK_COLLECT_QUEUE,
    eventBus: it.MOBILINK_EVENT_BUS,
    metricNamespace: it.MOBILINK_METRIC_NAMESPACE,
  };
}
