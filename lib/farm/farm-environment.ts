import { type Duration, Stack, Tokenization } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../primary/contract';
import { secretIdOf } from '../secret-access/secret-access';
import type { FarmDefaults } from './farm-defaults';
import { type FarmSize, serverConnections } from './farm-size';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import type { MobiLinkStream } from './mobilink-stream';
import { farmIdOf } from './server-metrics';

/** The one folder of the container that can be written. */
export const SCRATCH_FOLDER = '/scratch';

/**
 * What the supervisor in the image is told: the contract between farm and image, described in docs/farm-environment.md. It
 * names secrets and never holds one: the supervisor fetches them before each start of mlsrv17, while ECS would inject them
 * once for the life of a container, and a rotation would not reach it.
 */
export function environmentOf(
  farm: Construct,
  props: MobiLinkServerFarmProps,
  defaults: FarmDefaults,
  size: FarmSize,
): { [name: string]: string } {
  const { database, ignoredClients = [] } = props;
  const odbcDriver = props.image._odbcDriver;
  const json = (value: unknown) => Stack.of(farm).toJsonString(value);
  const connections = serverConnections(size);
  return {
    MOBILINK_DATABASE: json({ engine: database.engine, dsn: textsOf(farm, database.odbc.render()) }),
    MOBILINK_LOGIN_SECRET_ARN: secretIdOf(database.mobiLinkLogin),
    MOBILINK_STREAMS: json(defaults.streams.map(renderStream)),
    MOBILINK_HEALTH_PORT: text(defaults.healthPort),
    MOBILINK_WORKERS: text(size.workers),
    MOBILINK_MAX_WORKERS: text(size.maxWorkers),
    MOBILINK_SCRIPT_VERSIONS: text(size.scriptVersions),
    // CloudFormation cannot multiply: without it the supervisor does.
    ...(connections === undefined ? {} : { MOBILINK_MAX_CONNECTIONS: text(connections) }),
    MOBILINK_LONGEST_SYNC_SECONDS: secondsText(defaults.longestSync),
    MOBILINK_EXTRA_ARGUMENTS: json(props.extraArguments ?? []),
    ...optional({
      MOBILINK_UPLOAD_WORKERS: props.uploadWorkers,
      MOBILINK_MAX_ACTIVE_SYNCS: props.maxActiveSyncs,
      MOBILINK_MAX_NETWORK_CONNECTIONS: props.maxNetworkConnections,
      MOBILINK_UPLOAD_GROUP: props.uploadGroup,
    }),
    MOBILINK_PERIODIC_SECONDS: secondsText(defaults.periodicInterval),
    ...props.verbosity?._environment(),
    ...(props.preserveClientIp && { MOBILINK_CLIENT_IP_PRESERVED: 'yes' }),
    ...(ignoredClients.length > 0 && { MOBILINK_IGNORED_CLIENTS: json(ignoredClients) }),
    MOBILINK_METRICS: json({
      namespace: METRIC_NAMESPACE,
      farm: farmIdOf(farm),
      names: props.metricNames,
      pattern: props.metricPattern,
    }),
    ...(odbcDriver !== undefined && { MOBILINK_ODBC_DRIVER: odbcDriver }),
    SATMP: SCRATCH_FOLDER,
  };
}

/** Seconds as text, also of a token: the number of a token has no text of its own. */
export function secondsText(duration: Duration): string {
  return text(duration.toSeconds());
}

function text(value: number): string {
  return Tokenization.stringifyNumber(value);
}

/** Only what was given: the image knows the defaults of mlsrv17. */
function optional(numbers: { [name: string]: number | undefined }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) => (value === undefined ? [] : [[name, text(value)]])),
  );
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
