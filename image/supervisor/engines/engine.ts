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
  /** Whether the file with the certificates of authorities must be there. */
  needsCertificates(keys: DataSourceKeys): boolean;
  /** The keys in the words of the driver. */
  dataSource(keys: DataSourceKeys, surroundings: Surroundings): DataSourceKeys;
  /** One statement on one line. */
  readonly question: string;
  /** What the answer to the question means; only an unmistakable one is `serving`. */
  judge(output: ProbeOutput): Judgement;
}
