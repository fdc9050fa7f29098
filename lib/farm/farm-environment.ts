import { type Duration, Names, Stack, Tokenization } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { IConsolidatedDatabase } from '../consolidated/consolidated-database';
import { METRIC_NAMESPACE } from '../primary/contract';
import { secretIdOf } from '../secret-access/secret-access';
import { type FarmSize, serverConnections } from './farm-size';
import type { MobiLinkStream } from './mobilink-stream';

/** The one folder of the container that can be written. */
export const SCRATCH_FOLDER = '/scratch';

export interface FarmEnvironment {
  readonly database: IConsolidatedDatabase;
  readonly streams: MobiLinkStream[];
  readonly healthPort: number;
  readonly size: FarmSize;
  readonly longestSync: Duration;
  readonly extraArguments: string[];
}

/**
 * What the supervisor in the image is told: the contract between farm and image, described in docs/farm-environment.md. It
 * names secrets and never holds one: the supervisor fetches them before each start of mlsrv17, while ECS would inject them
 * once for the life of a container, and a rotation would not reach it.
 */
export function environmentOf(farm: Construct, settings: FarmEnvironment): { [name: string]: string } {
  const { database, size } = settings;
  const json = (value: unknown) => Stack.of(farm).toJsonString(value);
  const connections = serverConnections(size);
  return {
    MOBILINK_DATABASE: json({ engine: database.engine, dsn: textsOf(farm, database.odbc.render()) }),
    MOBILINK_LOGIN_SECRET_ARN: secretIdOf(database.mobiLinkLogin),
    MOBILINK_STREAMS: json(settings.streams.map(renderStream)),
    MOBILINK_HEALTH_PORT: text(settings.healthPort),
    MOBILINK_WORKERS: text(size.workers),
    MOBILINK_MAX_WORKERS: text(size.maxWorkers),
    MOBILINK_SCRIPT_VERSIONS: text(size.scriptVersions),
    // CloudFormation cannot multiply: without it the supervisor does.
    ...(connections === undefined ? {} : { MOBILINK_MAX_CONNECTIONS: text(connections) }),
    MOBILINK_LONGEST_SYNC_SECONDS: secondsText(settings.longestSync),
    MOBILINK_EXTRA_ARGUMENTS: json(settings.extraArguments),
    MOBILINK_METRICS: json({ namespace: METRIC_NAMESPACE, farm: farmIdOf(farm) }),
    SATMP: SCRATCH_FOLDER,
  };
}

/** Dimension of what its servers measure: known at synth, and another one for each farm of an account and Region. */
function farmIdOf(farm: Construct): string {
  return Names.uniqueResourceName(farm, { maxLength: 64, separator: '-' });
}

/** Seconds as text, also of a token: the number of a token has no text of its own. */
export function secondsText(duration: Duration): string {
  return text(duration.toSeconds());
}

function text(value: number): string {
  return Tokenization.stringifyNumber(value);
}

/** A number that was made a token to become text turns into a number again in JSON; every key of a data source is text. */
function textsOf(farm: Construct, keys: { [key: string]: string }): { [key: string]: string } {
  const entries = Object.entries(keys).map(([key, value]): [string, string] => {
    const resolved: unknown = Stack.of(farm).resolve(value);
    return [key, typeof resolved === 'number' ? `${resolved}` : value];
  });
  return Object.fromEntries(entries);
}

function renderStream(stream: MobiLinkStream): { [key: string]: unknown } {
  return {
    protocol: stream.protocol,
    port: stream.port,
    ...(stream.identity && { identitySecretArn: secretIdOf(stream.identity) }),
    ...(stream.identityPassword && { identityPasswordSecretArn: secretIdOf(stream.identityPassword) }),
  };
}
