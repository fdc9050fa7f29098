import { DnsAlias } from './alias';
import type { PrimarySource } from './environment';
import { readPairTrigger } from './pair-trigger';
import type { AliasZone, Source } from './ports';
import { RdsCluster } from './rds-cluster';
import { RdsInstance } from './rds-instance';
import { SqlAnywherePair } from './sql-anywhere-pair';
import { readTrigger, type Trigger } from './trigger';

/** What depends on the kind of database that is tracked. */
export interface Tracked {
  readonly source: Source;
  readonly alias?: AliasZone;
  readTrigger(payload: unknown): Trigger;
}

export function trackedBy(source: PrimarySource, now: () => number): Tracked {
  if (source.kind === 'rds-cluster') {
    return {
      source: new RdsCluster(source.clusterIdentifier, now),
      readTrigger: (payload) => readTrigger(payload, source.clusterArn),
    };
  }
  if (source.kind === 'rds-instance') {
    return {
      source: new RdsInstance(source.instanceIdentifier, now),
      readTrigger: (payload) => readTrigger(payload, source.instanceArn),
    };
  }
  return {
    source: new SqlAnywherePair(source, now),
    alias: new DnsAlias(source.alias.zoneId, source.alias.name),
    readTrigger: (payload) => readPairTrigger(payload, source.databaseId),
  };
}
