import type { RDSClient } from '@aws-sdk/client-rds';
import type { Observation } from './observation';
import { clusterSeen, listClusters } from './rds-cluster';
import { instanceSeen, listInstances } from './rds-instance';
import { unanswered } from './unanswered';

/**
 * How many databases one question names. RDS refuses more: "Only up to 100 unique filter DB Cluster Identifiers may be specified per
 * filter" (https://github.com/cloud-custodian/cloud-custodian/pull/10133); taken for true of instances too, UNSOURCED. They fit on one
 * page of 100 (RDS API reference, "MaxRecords").
 */
export const ASKED_AT_ONCE = 100;

/** A database as a list of the RDS API names it. */
export interface Listed {
  readonly kind: 'rds-instance' | 'rds-cluster';
  readonly identifier: string;
}

/** Some databases of one kind that one question can name. */
export interface Group<T> {
  readonly kind: Listed['kind'];
  readonly members: readonly T[];
}

/** As few questions as name all of the databases. */
export function groupsOf<T extends { readonly listed: Listed }>(databases: readonly T[]): Group<T>[] {
  return (['rds-instance', 'rds-cluster'] as const).flatMap((kind) => {
    const ofKind = databases.filter(({ listed }) => listed.kind === kind);
    const count = Math.ceil(ofKind.length / ASKED_AT_ONCE);
    return Array.from({ length: count }, (_, index) => ({
      kind,
      members: ofKind.slice(index * ASKED_AT_ONCE, (index + 1) * ASKED_AT_ONCE),
    }));
  });
}

/** The answer to one question, of which each database takes its own part. Without an answer, the reason stands for all of them. */
export interface GroupAnswer {
  readonly failure?: Observation;
  of(identifier: string, signal: AbortSignal): Promise<Observation>;
}

/**
 * Asks for all of them with one call. One that the list leaves out is not known to the API: unlike the question for one name, a filter
 * does not fail for it.
 */
export async function askForGroup(
  client: RDSClient,
  kind: Listed['kind'],
  identifiers: readonly string[],
  now: () => number,
  signal: AbortSignal,
): Promise<GroupAnswer> {
  const at = now();
  try {
    if (kind === 'rds-instance') {
      return answerOf(await listInstances(client, identifiers, signal), at, instanceSeen);
    }
    return answerOf(await listClusters(client, identifiers, signal), at, clusterSeen);
  } catch (error) {
    const failure = unanswered(at, error);
    return { failure, of: async () => failure };
  }
}

function answerOf<D>(
  found: Map<string, D>,
  at: number,
  seen: (database: D, at: number, signal: AbortSignal) => Promise<Observation>,
): GroupAnswer {
  return {
    of: async (identifier, signal) => {
      const database = found.get(identifier.toLowerCase());
      return database ? seen(database, at, signal) : { kind: 'absent', at };
    },
  };
}
