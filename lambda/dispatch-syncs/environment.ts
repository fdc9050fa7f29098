import * as v from 'valibot';
import { positive, readVariables, text } from '../door/variables';
import type { PrimaryTable } from './primary';

const entries = {
  MOBILINK_REGISTRY_TABLE: text,
  MOBILINK_REGISTRY_SHARDS: positive,
  MOBILINK_RUNS_TABLE: text,
  MOBILINK_DISPATCH_QUEUE: text,
  MOBILINK_COLLECT_QUEUE: text,
  MOBILINK_SYNC_DOCUMENT: text,
  // SSM API Reference, SendCommand, "TimeoutSeconds".
  MOBILINK_DELIVERY_TIMEOUT: v.pipe(positive, v.minValue(30, 'must be at least 30')),
  MOBILINK_METRIC_NAMESPACE: text,
  MOBILINK_PRIMARY_TABLE: v.optional(text),
  MOBILINK_DATABASE_ID: v.optional(text),
};

export interface Environment {
  readonly registryTable: string;
  readonly shards: number;
  readonly runsTable: string;
  readonly dispatchQueue: string;
  readonly collectQueue: string;
  readonly document: string;
  readonly deliveryTimeoutSeconds: number;
  readonly metricNamespace: string;
  /** Absent when no tracker is told of: then nothing is held back. */
  readonly primary: PrimaryTable | undefined;
}

/** What the construct told the function; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const it = readVariables(entries, variables, 'dispatch-syncs');
  const { MOBILINK_PRIMARY_TABLE: table, MOBILINK_DATABASE_ID: databaseId } = it;
  if ((table === undefined) !== (databaseId === undefined)) {
    throw new Error(
      'The environment of dispatch-syncs is wrong: MOBILINK_PRIMARY_TABLE and MOBILINK_DATABASE_ID go together',
    );
  }
  return {
    registryTable: it.MOBILINK_REGISTRY_TABLE,
    shards: it.MOBILINK_REGISTRY_SHARDS,
    runsTable: it.MOBILINK_RUNS_TABLE,
    dispatchQueue: it.MOBILINK_DISPATCH_QUEUE,
    collectQueue: it.MOBILINK_COLLECT_QUEUE,
    document: it.MOBILINK_SYNC_DOCUMENT,
    deliveryTimeoutSeconds: it.MOBILINK_DELIVERY_TIMEOUT,
    metricNamespace: it.MOBILINK_METRIC_NAMESPACE,
    primary: table !== undefined && databaseId !== undefined ? { table, databaseId } : undefined,
  };
}
