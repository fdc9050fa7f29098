import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { firstEnd } from './certificates';
import type { Configuration } from './configuration';
import type { Asking } from './engines/engine';
import { DATA_SOURCE, renderDataSource, renderDriverManager } from './odbc/data-source-file';
import { makePrivateFolder, type PrivateFolder, removeFolders } from './private-folder';
import { redaction } from './redaction';
import type { SecretSource } from './secrets';
import { type Identity, optionFile, serverArguments } from './server-options';
import { type FetchedIdentity, fetchSecrets } from './start-secrets';

/** Everything that one start of mlsrv17 needs; the probe uses the same environment. */
export interface Provision {
  readonly environment: Readonly<Record<string, string>>;
  readonly program: string;
  /** Only the file with the options: nothing secret stands on the command line. */
  readonly arguments: readonly string[];
  /** The name that mlstop needs. */
  readonly name: string;
  /** Who asks whether the database serves. @default - isql */
  readonly asking?: Asking;
  /** Of the login secret, to notice a rotation. */
  readonly secretVersion: string;
  /** When the first certificate of a stream ends, in milliseconds since 1970; undefined without one. */
  readonly certificatesEnd?: number;
  /** Where the files are; to be kept while a child lives that was started with them. */
  readonly folder: string;
  /** Takes the secrets out of a text. */
  readonly redact: (text: string) => string;
}

export interface ProvisionOptions {
  /**
   * Folders of earlier starts whose child still lives: it opens new connections by the files in there.
   * @default - none, so that all earlier folders are removed
   */
  readonly keep?: readonly string[];
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * Fetches the secrets and writes the files for one start, in a folder of its own below the scratch folder. Throws one `SecretError`
 * that names every secret that cannot be used; then the files of the start before are still there.
 *
 * @param chance six letters or digits that no other start has.
 */
export async function provision(
  configuration: Configuration,
  secrets: SecretSource,
  start: number,
  chance: () => string,
  { keep = [], now = Date.now }: ProvisionOptions = {},
): Promise<Provision> {
  const found = await fetchSecrets(configuration, secrets);
  const { engine, odbc, scratch, installation, taskName } = configuration;
  await removeFolders(scratch, /^start-\d+$/, keep);
  const folder = await makePrivateFolder(join(scratch, `start-${start}`));
  try {
    const keys = engine.dataSource(configuration.dsn, odbc);
    const { login: place, client } = engine;
    const dataSource = await folder.write('odbc.ini', renderDataSource(odbc.driverFile, keys, place.keys(found.login)));
    for (const [name, text] of Object.entries(client?.files(configuration.dsn, odbc) ?? {})) {
      await folder.write(name, text);
    }
    await folder.write('odbcinst.ini', renderDriverManager());
    const identities = await writeIdentities(folder, found.identities);
    const name = `ml-${taskName}-${start}-${chance()}`;
    const connection = place.connectionString?.(found.login);
    const options = optionFile(serverArguments(configuration, { name, connection, identities, now: now() }));
    const file = await folder.write('options', options);
    return {
      environment: environmentOf(configuration, folder.path, dataSource),
      asking: engine.asking?.(DATA_SOURCE, found.login),
      program: join(installation, 'bin64', 'mlsrv17'),
      arguments: [`@${file}`],
      name,
      secretVersion: found.secretVersion,
      certificatesEnd: firstEnd(found.identities.map(({ pem }) => pem)),
      folder: folder.path,
      redact: redaction([found.login.password, ...found.identities.flatMap(({ password }) => password ?? [])]),
    };
  } catch (error) {
    await rm(folder.path, { recursive: true, force: true });
    throw error;
  }
}

/** What mlsrv17 and isql see: nothing of the supervisor's own environment, least of all the credentials of the task. */
function environmentOf({ engine, odbc, installation, scratch }: Configuration, folder: string, dataSource: string) {
  const { client } = engine;
  const pathOf = (...folders: string[]) => folders.join(':');
  return {
    ODBCINI: dataSource,
    ODBCSYSINI: folder,
    LD_LIBRARY_PATH: pathOf(`${installation}/lib64`, ...(client?.libraryFolders ?? [])),
    SQLANY17: installation,
    SATMP: scratch,
    PATH: pathOf(`${installation}/bin64`, ...(client?.programFolders ?? []), '/usr/local/bin', '/usr/bin', '/bin'),
    // isql ends with a fault without it.
    HOME: folder,
    LANG: 'C.UTF-8',
    ...client?.environment(folder, odbc),
  };
}

async function writeIdentities(folder: PrivateFolder, fetched: readonly FetchedIdentity[]) {
  const identities = new Map<number, Identity>();
  for (const { port, pem, password } of fetched) {
    identities.set(port, { file: await folder.write(`identity-${port}.pem`, pem), password });
  }
  return identities;
}
