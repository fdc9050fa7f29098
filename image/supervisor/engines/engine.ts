import type { Login } from '../login';
import type { ProbeResult } from '../probe-result';

/** What an answer means; without a detail, the child's own words are one. */
export interface Judgement {
  readonly kind: Exclude<ProbeResult['kind'], 'hung'>;
  readonly detail?: string;
}

/** The keys of a data source as they stand in `odbc.ini`. */
export type DataSourceKeys = Readonly<Record<string, string>>;

/** What an engine needs to know of the image. */
export interface Surroundings {
  /** The driver's shared library. */
  readonly driverFile: string;
  /** The certificates that a server's own must lead to. */
  readonly certificates: string;
}

/** What the probe's child had to say. */
export interface ProbeOutput {
  /** Null after a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the driver takes the login from. */
export interface LoginPlace {
  /** Why it cannot stand there; undefined when it can. Never holds the login. */
  fault?(login: Login): string | undefined;
  /** Keys of the data source. */
  keys(login: Login): DataSourceKeys;
  /** What mlsrv17 connects with, besides the name of the data source. @default - nothing */
  connectionString?(login: Login): string;
}

/** Files and variables of a driver. */
export interface ClientSide {
  /** By their names. */
  files(keys: DataSourceKeys, surroundings: Surroundings): Readonly<Record<string, string>>;
  /** @param folder that holds the files. */
  environment(folder: string, surroundings: Surroundings): Readonly<Record<string, string>>;
  readonly libraryFolders: readonly string[];
  readonly programFolders: readonly string[];
}

/** A program that asks the database, and how it is called. */
export interface Asking {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What stands on its stdin. */
  readonly input: string;
}

/** One database product: its driver, and how to ask whether MobiLink may use it. */
export interface Engine {
  /** As `MOBILINK_DATABASE` names it. */
  readonly name: string;
  /** Keys of the data source that must be there. */
  readonly requiredKeys: readonly string[];
  /** The driver, unless `MOBILINK_ODBC_DRIVER` names another. */
  driverFile(installation: string): string;
  /** What the driver cannot do of what the data source asks for; undefined when it can do all. */
  faultOfKeys(keys: DataSourceKeys, driverFile: string): string | undefined;
  /** The file with the authorities that the server's certificate is checked against; undefined when it is not. */
  authorities(keys: DataSourceKeys, certificates: string): string | undefined;
  /** The keys in the words of the driver. */
  dataSource(keys: DataSourceKeys, surroundings: Surroundings): DataSourceKeys;
  readonly login: LoginPlace;
  /** What else the driver reads. @default - nothing */
  readonly client?: ClientSide;
  /** Who asks the question. @default - isql, over the data source */
  asking?(dataSource: string, login: Login): Asking;
  /** One statement on one line. */
  readonly question: string;
  /** What the answer to the question means; only an unmistakable one is `serving`. */
  judge(output: ProbeOutput): Judgement;
}
