import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RDSClient } from '@aws-sdk/client-rds';
import { DnsAlias } from './alias';
import type { PrimarySource } from './environment';
import type { DescribedDatabase } from './invocation';
import { readPairTrigger } from './pair-trigger';
import type { Announcer, Ports, Source } from './ports';
import { PrimaryRecords } from './primary-records';
import { RdsCluster } from './rds-cluster';
import type { Listed } from './rds-group';
import { RdsInstance } from './rds-instance';
import { SqlAnywherePair } from './sql-anywhere-pair';
import { readTrigger, type Trigger } from './trigger';

/** What all databases of the function share. */
export interface Shared {
  readonly table: string;
  readonly dynamoDb: DynamoDBClient;
  readonly rds: RDSClient;
  readonly announcer: Announcer;
  now(): number;
}

/** One database that is tracked. */
export interface Tracked {
  readonly databaseId: string;
  readonly ports: Ports;
  readonly logger: Logger;
  /** How a list of the RDS API names it; undefined of one whose members are asked themselves. */
  readonly listed?: Listed;
  readTrigger(payload: unknown): Trigger;
}

/** A database of RDS, which one question can name among others. */
export type TrackedOfRds = Tracked & { readonly listed: Listed };

export function isOfRds(database: Tracked): database is TrackedOfRds {
  return database.listed !== undefined;
}

export function tracked({ databaseId, source }: DescribedDatabase, shared: Shared): Tracked {
  const records = new PrimaryRecords(shared.table, databaseId, shared.dynamoDb);
  const common = { records, announcer: shared.announcer, now: () => shared.now() };
  const alias = source.kind === 'sql-anywhere' ? new DnsAlias(source.alias.zoneId, source.alias.name) : undefined;
  return {
    databaseId,
    ports: { ...common, source: sourceOf(source, shared), alias: alias && { zone: alias, notes: records } },
    logger: new Logger({ serviceName: 'track-primary', persistentKeys: { databaseId } }),
    listed: listedOf(source),
    readTrigger: (payload) => triggerOf(source, payload),
  };
}

function sourceOf(source: PrimarySource, { rds, now }: Shared): Source {
  if (source.kind === 'rds-instance') return new RdsInstance(source.instanceIdentifier, now, rds);
  if (source.kind === 'rds-cluster') return new RdsCluster(source.clusterIdentifier, now, rds);
  return new SqlAnywherePair(source, now);
}

function listedOf(source: PrimarySource): Listed | undefined {
  if (source.kind === 'rds-instance') return { kind: source.kind, identifier: source.instanceIdentifier };
  if (source.kind === 'rds-cluster') return { kind: source.kind, identifier: source.clusterIdentifier };
  return undefined;
}

function triggerOf(source: PrimarySource, payload: unknown): Trigger {
  if (source.kind === 'rds-instance') return readTrigger(payload, source.instanceArn);
  if (source.kind === 'rds-cluster') return readTrigger(payload, source.clusterArn);
  return readPairTrigger(payload, source.databaseId);
}
