import type { Configuration } from './configuration';
import { DATA_SOURCE } from './odbc/data-source-file';
import type { Stream } from './stream';
import { lettersAt } from './verbosity';

/** The certificate of a stream with TLS, as it lies on disk. */
export interface Identity {
  readonly file: string;
  readonly password?: string;
}

/** What differs from start to start. */
export interface Start {
  /** What the driver does not take from the data source. @default - nothing */
  readonly connection?: string;
  /** For `-zs`: a fresh one each time, because the row of a server that was killed stays in the database. */
  readonly name: string;
  /** By port. */
  readonly identities: ReadonlyMap<number, Identity>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The arguments of mlsrv17, one text each. */
export function serverArguments(configuration: Configuration, { name, connection, identities, now }: Start): string[] {
  const it = configuration;
  const streams = it.streams.map((stream, index) =>
    listener(stream, identities.get(stream.port), index === 0 ? it.ignoredClients : []),
  );
  return [
    // What is missing in the string mlsrv17 takes from the data source (SAP, "-c option", 16.0): so it needs no quoting for the login.
    ...['-c', connection === undefined ? `DSN=${DATA_SOURCE}` : `DSN=${DATA_SOURCE};${connection}`],
    ...streams.flatMap((stream) => ['-x', stream]),
    ...['-zs', name],
    ...number('-w', it.workers),
    ...number('-wm', it.maxWorkers),
    ...number('-wu', it.uploadWorkers),
    ...number('-cn', it.maxConnections),
    ...number('-sm', it.maxActiveSyncs),
    ...number('-nc', it.maxNetworkConnections),
    ...number('-tx', it.uploadGroup),
    ...number('-ppv', it.periodicSeconds),
    `-v${lettersAt(it.verbosity, now)}`,
    ...it.extraArguments,
  ];
}

/** The arguments as SAP's tools read them from `@file`: one a line, in quotes what is more than a plain word. */
export function optionFile(serverArguments: readonly string[]): string {
  const lines = serverArguments.map((it) => (/^[\w.,:/=%+-]+$/.test(it) ? it : `"${it}"`));
  return `${lines.join('\n')}\n`;
}

/** Why a password cannot stand in `-x`, of whose quoting nothing is known; undefined when it can. */
export function faultOfIdentityPassword(password: string): string | undefined {
  const found = /[^!-~]|["'\\;,(){}#]/u.exec(password)?.[0];
  if (password === '') return 'nothing';
  return found === undefined
    ? undefined
    : 'a character that is not printable ASCII, or a space, or one of " \' \\ ; , ( ) { } #';
}

function listener({ protocol, port }: Stream, identity: Identity | undefined, ignored: readonly string[]): string {
  const settings = [
    `port=${port}`,
    ...(identity === undefined ? [] : [`identity=${identity.file}`]),
    ...(identity?.password === undefined ? [] : [`identity_password=${identity.password}`]),
    ...ignored.map((address) => `ignore=${address}`),
  ];
  return `${protocol}(${settings.join(';')})`;
}

function number(option: string, value: number | undefined): string[] {
  return value === undefined ? [] : [option, `${value}`];
}
