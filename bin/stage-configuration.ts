import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Node } from 'constructs';
import * as v from 'valibot';
import { ConsolidatedRdsEngine, Weekday } from '../lib';

/** The configuration of the app, by stage, from the CDK context `mobilink-ha` (cdk.json) and `stage` (`-c stage=prod`). */

const CIDR = /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/;
const cidr = v.pipe(
  v.string(),
  v.check((text) => {
    if (!CIDR.test(text)) return false;
    const [address = '', bits = ''] = text.split('/');
    return Number(bits) <= 32 && address.split('.').every((part) => Number(part) <= 255);
  }, 'must be an IPv4 range such as 10.0.0.0/16'),
);
const whole = (lowest: number, highest: number) =>
  v.pipe(
    v.number(`must be a number from ${lowest} to ${highest}`),
    v.integer('must be a whole number'),
    v.minValue(lowest, `must be at least ${lowest}`),
    v.maxValue(highest, `must be at most ${highest}`),
  );
const text = (what: string, pattern: RegExp) => v.pipe(v.string(), v.regex(pattern, `must be ${what}`));

const instanceType = text('an instance type such as m7i.large', /^[a-z][a-z0-9-]*\.[a-z0-9]+$/);

/** The engines of RDS, as a stage names them. */
export const RDS_ENGINES = [
  'mysql',
  'sql-server-standard',
  'sql-server-enterprise',
  'oracle-standard-two',
  'oracle-enterprise',
] as const;

const engine = v.picklist(RDS_ENGINES, ({ input }) => {
  const refusal = ConsolidatedRdsEngine.whyRefused(String(input));
  return refusal ? `must not be ${refusal}` : `must be one of ${RDS_ENGINES.join(', ')}`;
});

/** An RDS instance in Multi-AZ mode. */
const rds = v.strictObject({
  kind: v.optional(v.literal('rds'), 'rds'),
  engine: v.optional(engine, 'mysql'),
  /** Of Oracle Standard Edition Two: whether AWS sells the licence with the instance. */
  licenceIncluded: v.optional(v.boolean()),
  /** @default - as ConsolidatedRdsInstance has it for the engine */
  instanceType: v.optional(instanceType),
  allocatedStorageGiB: v.optional(whole(20, 65_536), 100),
  maximumConnections: v.optional(whole(50, 100_000), 500),
  backupDays: v.optional(whole(1, 35), 14),
  /** Why `cdk destroy` may delete the database; leave it out wherever the data matters. */
  deletableReason: v.optional(v.pipe(v.string(), v.minLength(1, 'must say why'))),
});

/** A Multi-AZ DB cluster of MySQL: a writer and two readers. */
const cluster = v.strictObject({
  kind: v.literal('rds-cluster'),
  /** Of a class with a local disk. */
  instanceType: v.optional(instanceType, 'm6gd.large'),
  allocatedStorageGiB: v.optional(whole(100, 65_536), 100),
  iops: v.optional(whole(1_000, 256_000), 3_000),
  maximumConnections: v.optional(whole(50, 100_000), 500),
  backupDays: v.optional(whole(1, 35), 14),
  /** Why `cdk destroy` may delete the database; leave it out wherever the data matters. */
  deletableReason: v.optional(v.pipe(v.string(), v.minLength(1, 'must say why'))),
});

/** What SQL Anywhere needs on hosts of its own. What is left out has the default of `SqlAnywherePair` and `SqlAnywhereServer`. */
const sqlAnywhere = {
  /** `ami-...`, or a parameter of Systems Manager that holds such an id, with its version: an image that moves by itself is refused. */
  machineImage: text(
    'ami-... or resolve:ssm:NAME:VERSION',
    /^(ami-[0-9a-f]{8,17}|resolve:ssm:\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*:[1-9]\d*)$/,
  ),
  /** SAP's installer as a `.tar.gz`. @default - the machine image holds the software */
  installer: v.optional(
    v.strictObject({
      bucketName: text('the name of a bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
      key: text('a key that ends in .tar.gz', /^[A-Za-z0-9!_.*'()/-]{1,1000}\.tar\.gz$/),
    }),
  ),
  databaseName: v.optional(text('a letter, then letters, digits or _, 64 at most', /^[A-Za-z][A-Za-z0-9_]{0,63}$/)),
  instanceType: v.optional(instanceType, 'm7i.large'),
  dataVolumeGiB: v.optional(whole(8, 65_536), 100),
  backupDays: v.optional(whole(1, 3_650)),
  /** Longer than the backups; of a remote at least as long as those of the consolidated database. */
  logDays: v.optional(whole(2, 3_650)),
  backupHour: v.optional(whole(0, 23)),
};

const ofPair = {
  kind: v.literal('sql-anywhere-pair'),
  ...sqlAnywhere,
  arbiterInstanceType: v.optional(instanceType, 't3.small'),
  livenessSeconds: v.optional(whole(5, 600)),
};

const ofServer = { kind: v.literal('sql-anywhere-server'), ...sqlAnywhere };

/** What the licence and the memory of the servers allow. */
const maximumConnections = v.optional(whole(50, 100_000), 500);

/** Two SQL Anywhere servers and an arbiter on EC2. */
const pair = v.strictObject({ ...ofPair, maximumConnections });

/** One SQL Anywhere server on EC2, which is away while its host is replaced. */
const server = v.strictObject({ ...ofServer, maximumConnections });

const kinds = [rds, cluster, pair, server] as const;
const kindNames = kinds.map(({ entries: { kind } }) => ('wrapped' in kind ? kind.wrapped.literal : kind.literal));

const database = v.variant('kind', [...kinds], ({ input, expected }) => {
  if (expected === null || !expected.includes('"rds"')) return `must be ${expected}, got ${input}`;
  const refusal = ConsolidatedRdsEngine.whyRefused(String(input).replaceAll('"', '').replace(/^rds-/, ''));
  return refusal ? `must not be ${refusal}` : `must be one of ${kindNames.join(', ')}`;
});

/** An image that is there. */
const ecrImage = v.strictObject({
  repositoryName: text('the name of an ECR repository', /^[a-z0-9]+([._/-][a-z0-9]+)*$/),
  tag: text('a tag other than latest', /^(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/),
});

/** An image that `cdk deploy` builds from SAP's installer. */
const installerImage = v.strictObject({
  /** The folder; docs/image.md says what is in it. */
  installer: v.pipe(v.string(), v.minLength(1, "must be the folder with SAP's installer")),
  /** The environment variable of `cdk deploy` that holds SAP's registration key. @default - none is needed */
  licenceKeyVariable: v.optional(text('the name of an environment variable', /^[A-Za-z_][A-Za-z0-9_]*$/)),
  /** The ODBC driver that a hook installs. @default - that of the engine */
  odbcDriver: v.optional(v.pipe(v.string(), v.minLength(1, 'must be the name of a driver'))),
});

const preparation = v.strictObject({
  setUp: v.optional(v.boolean(), true),
  /** Your own SQL, in this order; each name and version is applied once. */
  scripts: v.optional(v.array(v.strictObject({ file: v.string(), name: v.string(), version: v.string() })), []),
});

const farm = v.strictObject({
  image: v.lazy((given) => (isObject(given) && 'installer' in given ? installerImage : ecrImage)),
  /** What is done to the consolidated database before servers start. @default - SAP's set-up script, where there is none yet */
  preparation: v.optional(preparation, {}),
  minServers: v.optional(whole(2, 100), 2),
  maxServers: v.optional(whole(2, 100), 4),
  workers: v.optional(whole(1, 1000), 5),
  maxWorkers: v.optional(whole(1, 1000)),
  longestSyncMinutes: v.optional(whole(2, 60), 15),
  licensedServers: v.optional(whole(1, 1000)),
  /** How often the login of MobiLink is given another password. @default - never by itself */
  loginRotationDays: v.optional(whole(1, 1000)),
  clientCidrs: v.optional(v.pipe(v.array(cidr), v.minLength(1, 'must name at least one range')), ['10.0.0.0/8']),
});

const timeZone = v.pipe(v.string(), v.check(isTimeZone, 'must be a time zone such as Europe/Berlin'));
const scheduleName = text('a letter, then letters, digits or hyphens, 20 at most', /^[A-Za-z][A-Za-z0-9-]{0,19}$/);
const profile = text('1 to 128 letters, digits, _ . -', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
const timeOfDay = text('a time of day such as 03:00', /^([01]\d|2[0-3]):[0-5]\d$/);

const schedule = v.strictObject({
  /** The schedule is known as NAME-STAGE-name in run ids and metrics. */
  name: scheduleName,
  expression: text('rate(...), cron(...) or at(...) of EventBridge Scheduler', /^(rate|cron|at)\(.+\)$/),
  timeZone: v.optional(timeZone, 'Etc/UTC'),
  groups: v.optional(
    v.pipe(
      v.array(text('1 to 64 letters, digits, _ . -', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)),
      v.minLength(1, 'must name at least one group'),
    ),
    ['stores'],
  ),
  windowMinutes: v.optional(whole(0, 1440)),
  deadlineMinutes: v.optional(whole(1, 18_720)),
  profile: v.optional(profile),
  enabled: v.optional(v.boolean(), true),
});

/** A schedule inside the database of a remote. */
const inside = v.pipe(
  v.strictObject({
    /** The schedule is known as NAME-STAGE-name in run ids and metrics. */
    name: scheduleName,
    /** @default - that of the remote */
    profile: v.optional(profile),
    timeZone: v.optional(timeZone, 'Etc/UTC'),
    days: v.optional(v.pipe(v.array(v.enum(Weekday)), v.minLength(1, 'must name at least one day'))),
    /** Either again and again, from one time of the day to another ... */
    everyMinutes: v.optional(whole(1, 1440)),
    from: v.optional(timeOfDay),
    to: v.optional(text('a time of day such as 22:00', /^(24:00|([01]\d|2[0-3]):[0-5]\d)$/)),
    /** ... or once a day. */
    at: v.optional(timeOfDay),
    catchUpMinutes: v.optional(whole(1, 1440)),
  }),
  v.check((it) => (it.everyMinutes === undefined) !== (it.at === undefined), 'needs either everyMinutes or at'),
  v.check((it) => it.at === undefined || (it.from ?? it.to) === undefined, 'from and to go with everyMinutes'),
);

/** A remote database on EC2. */
const remote = v.strictObject({
  name: text('a letter, then letters, digits or hyphens, 30 at most', /^[A-Za-z][A-Za-z0-9-]{0,29}$/),
  group: v.optional(text('1 to 64 letters, digits, _ . -', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/), 'stores'),
  database: v.variant('kind', [v.strictObject(ofPair), v.strictObject(ofServer)]),
  /** The synchronization profile that the SQL creates. */
  profile,
  /** What makes the database a remote, each file once, in this order; paths from where cdk is run. */
  sqlFiles: v.pipe(v.array(v.string()), v.minLength(1, 'must name at least one file')),
  inside: v.optional(v.array(inside), []),
  /** Why neither this single server nor the consolidated database is highly available. */
  noHighAvailabilityReason: v.optional(v.pipe(v.string(), v.minLength(1, 'must say why'))),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** What CloudWatch Logs takes (API reference, "PutRetentionPolicy"). */
const RETENTIONS = Object.values(RetentionDays).filter((it): it is number => typeof it === 'number' && it < 9999);

const stage = v.pipe(
  v.strictObject({
    account: v.optional(text('twelve digits', /^\d{12}$/)),
    region: v.optional(text('a Region such as eu-central-1', /^[a-z]{2}(-[a-z]+)+-\d$/)),
    /** With account and Region: the three zones, so that synth needs no credentials to look them up. */
    availabilityZones: v.optional(v.pipe(v.array(v.string()), v.length(3, 'must name three zones'))),
    vpcCidr: v.optional(cidr, '10.40.0.0/16'),
    /** 0: endpoints of AWS instead, which is enough for servers over a database on RDS. */
    natGateways: v.optional(whole(0, 3), 3),
    protected: v.optional(v.boolean(), true),
    /** How long CloudWatch keeps logs. @default - three months */
    logRetentionDays: v.optional(
      v.picklist(RETENTIONS, ({ input }) => `must be one of ${RETENTIONS.join(', ')}, got ${input}`),
    ),
    /** A customer's key for databases, secrets, tables and logs. Its policy must let CloudWatch Logs of the Region use it. @default - the keys of AWS */
    keyArn: v.optional(
      text('the ARN of a key', /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-[0-9a-f]{32}|[0-9a-f-]{36})$/),
    ),
    database: v.optional(database, {}),
    farm,
    registry: v.optional(v.strictObject({ shards: v.optional(whole(1, 1024), 4) }), {}),
    schedules: v.optional(v.array(schedule), []),
    remotes: v.optional(v.array(remote), []),
    /** Who is told of alarms, each after a confirmation. Others subscribe to the topic themselves. */
    alarmEmails: v.optional(v.array(v.pipe(v.string(), v.email('must be an e-mail address'))), []),
    tags: v.optional(v.record(v.string(), v.string()), {}),
  }),
  v.check(
    (it) => (it.account === undefined) === (it.region === undefined),
    'account and region go together: give both or none',
  ),
  v.check(
    (it) => it.availabilityZones === undefined || it.region !== undefined,
    'availabilityZones needs account and region',
  ),
  v.check(
    ({ schedules }) => new Set(schedules.map(({ name }) => name)).size === schedules.length,
    'schedules must have different names',
  ),
  v.check(
    ({ remotes }) => new Set(remotes.map(({ name }) => name.toLowerCase())).size === remotes.length,
    'remotes must have different names',
  ),
  v.check(
    ({ natGateways, database: { kind }, remotes }) =>
      natGateways > 0 || (kind.startsWith('rds') && remotes.length === 0),
    'natGateways must be 1 to 3 for SQL Anywhere on EC2: its hosts reach Route 53 and the repositories of packages over the internet',
  ),
  v.check((it) => it.farm.minServers <= it.farm.maxServers, 'farm.minServers must not be above farm.maxServers'),
);

const configuration = v.strictObject({
  name: v.optional(
    text('a letter, then letters, digits or hyphens, 30 at most', /^[A-Za-z][A-Za-z0-9-]{0,29}$/),
    'MobiLink',
  ),
  defaultStage: v.string(),
  stages: v.record(text('a letter, then letters or digits, 20 at most', /^[A-Za-z][A-Za-z0-9]{0,19}$/), stage),
});

export type RdsConfiguration = v.InferOutput<typeof rds>;
export type ClusterConfiguration = v.InferOutput<typeof cluster>;
type PairConfiguration = v.InferOutput<typeof pair>;
type ServerConfiguration = v.InferOutput<typeof server>;
export type ConsolidatedConfiguration =
  | RdsConfiguration
  | ClusterConfiguration
  | PairConfiguration
  | ServerConfiguration;
export type ImageConfiguration = v.InferOutput<typeof ecrImage> | v.InferOutput<typeof installerImage>;
export type RemoteConfiguration = v.InferOutput<typeof remote>;
/** Of a consolidated or of a remote database. */
export type SqlAnywhereConfiguration = RemoteConfiguration['database'];

/** One stage of the app, with every default filled in. */
export type StageConfiguration = v.InferOutput<typeof stage> & { readonly name: string; readonly stageName: string };

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}

/** Reads the stage to synthesize; throws one error that lists everything that is wrong with the configuration. */
export function readStageConfiguration(node: Node): StageConfiguration {
  const given: unknown = parseJsonText(node.tryGetContext('mobilink-ha'));
  if (given === undefined) {
    throw new Error(
      "No configuration: the context 'mobilink-ha' is missing. Fix: copy it from cdk.json of this package.",
    );
  }
  const result = v.safeParse(configuration, given);
  if (!result.success) {
    const lines = result.issues.map((issue) => {
      const path = v.getDotPath(issue);
      return `  - mobilink-ha${path ? `.${path}` : ''}: ${issue.message}`;
    });
    throw new Error(
      `The context 'mobilink-ha' has ${lines.length} problem${lines.length === 1 ? '' : 's'}:\n${lines.join('\n')}`,
    );
  }
  const { name, defaultStage, stages } = result.output;
  const stageName: unknown = node.tryGetContext('stage') ?? defaultStage;
  const chosen = typeof stageName === 'string' && Object.hasOwn(stages, stageName) ? stages[stageName] : undefined;
  if (!chosen || typeof stageName !== 'string') {
    throw new Error(
      `There is no stage '${String(stageName)}'. Fix: choose one of ${Object.keys(stages).join(', ')} with -c stage=NAME, or add it to mobilink-ha.stages.`,
    );
  }
  return { ...withInstaller(chosen, node.tryGetContext('installer')), name, stageName };
}

/** `-c installer=FOLDER` builds the image from there, whatever the stage has. */
function withInstaller(chosen: v.InferOutput<typeof stage>, installer: unknown): v.InferOutput<typeof stage> {
  if (installer === undefined) return chosen;
  const { farm } = chosen;
  const given = v.safeParse(installerImage, { ...('installer' in farm.image && farm.image), installer });
  if (!given.success) {
    throw new Error("The context 'installer' must be the folder with SAP's installer. Fix: -c installer=FOLDER.");
  }
  return { ...chosen, farm: { ...farm, image: given.output } };
}

/** `-c mobilink-ha='{...}'` arrives as text. */
function parseJsonText(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new Error(`The context 'mobilink-ha' is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
