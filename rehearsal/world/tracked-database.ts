import * as v from 'valibot';
import type { Deployment } from '../assembly/deployment';
import { lettersFrom } from '../assembly/physical-resource';
import type { ServedFunction } from '../cloud/lambda-service';
import type { DatabaseInstance } from '../cloud/rds';
import type { DatabaseCluster } from '../cloud/rds-clusters';
import { read } from './descriptions';

/** The primary tracker whose database fails over in a rehearsal: by what the template tells its function. */
export interface Tracker {
  readonly functionName: string;
  readonly databaseId?: string;
  readonly table?: string;
  readonly instanceArn?: string;
  readonly clusterArn?: string;
  /** The members of a mirrored pair are asked themselves. */
  readonly tracksPair: boolean;
  /** A server without a mirror is asked itself. */
  readonly tracksServer: boolean;
  /** The name that follows the primary of a pair. */
  readonly alias?: { readonly zoneId: string; readonly name: string };
}

const source = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    kind: v.string(),
    instanceArn: v.optional(v.string()),
    clusterArn: v.optional(v.string()),
    members: v.optional(v.array(v.unknown()), []),
    alias: v.optional(v.object({ zoneId: v.string(), name: v.string() })),
  }),
);

/** The first function that is told of a source of primaries; with several trackers the others run too. */
export function findTracker(functions: readonly ServedFunction[]): Tracker | undefined {
  const [found] = functions.filter(({ description }) => description.environment.MOBILINK_PRIMARY_SOURCE !== undefined);
  if (!found) return undefined;
  const { name, environment } = found.description;
  const told = v.safeParse(source, environment.MOBILINK_PRIMARY_SOURCE);
  return {
    functionName: name,
    databaseId: environment.MOBILINK_DATABASE_ID,
    table: environment.MOBILINK_PRIMARY_TABLE,
    instanceArn: told.success ? told.output.instanceArn : undefined,
    clusterArn: told.success ? told.output.clusterArn : undefined,
    alias: told.success ? told.output.alias : undefined,
    tracksPair: told.success && told.output.kind === 'sql-anywhere' && told.output.members.length === 2,
    tracksServer: told.success && told.output.kind === 'sql-anywhere' && told.output.members.length === 1,
  };
}

const text = v.string();

/** The databases as they stand before anything happened: primary in the first zone, standby in the second. */
export function describeDatabases(deployment: Deployment, tracker: Tracker | undefined): DatabaseInstance[] {
  const schema = v.object({
    DBInstanceClass: text,
    Engine: text,
    EngineVersion: v.optional(text, ''),
    MultiAZ: v.optional(
      v.union([
        v.boolean(),
        v.pipe(
          text,
          v.transform((it) => it === 'true'),
        ),
      ]),
      false,
    ),
  });
  const made = deployment.ofType('AWS::RDS::DBInstance').map((it, index) => {
    const { DBInstanceClass, Engine, EngineVersion, MultiAZ } = read(it, schema);
    return {
      identifier: it.physicalId,
      arn: it.arn ?? '',
      resourceId: String(it.attributes.DbiResourceId),
      instanceClass: DBInstanceClass,
      engine: Engine,
      engineVersion: EngineVersion,
      multiAz: MultiAZ,
      host: String(it.attributes['Endpoint.Address']),
      port: Number(it.attributes['Endpoint.Port']),
      api: {
        status: 'available',
        availabilityZone: `${it.region}a`,
        secondaryZone: MultiAZ ? `${it.region}b` : undefined,
      },
      addresses: [`10.40.16.${10 + index}`],
    };
  });
  const tracked = tracker?.instanceArn;
  if (tracked === undefined || made.some((it) => it.arn === tracked)) return made;
  return [...made, existing(tracked, made.length)];
}

/** The Multi-AZ DB clusters as they stand before anything happened: the first member is the writer. */
export function describeClusters(deployment: Deployment, tracker: Tracker | undefined): DatabaseCluster[] {
  const schema = v.object({ Engine: text, DBClusterInstanceClass: text });
  const made = deployment.ofType('AWS::RDS::DBCluster').map((it, index) => {
    const { Engine } = read(it, schema);
    const members = [1, 2, 3].map((number) => `${it.physicalId}-instance-${number}`);
    return {
      identifier: it.physicalId,
      arn: it.arn ?? '',
      resourceId: String(it.attributes.DBClusterResourceId),
      engine: Engine,
      host: String(it.attributes['Endpoint.Address']),
      port: Number(it.attributes['Endpoint.Port']),
      members,
      api: { status: 'available', writers: members.slice(0, 1) },
      addresses: [`10.40.16.${100 + index}`],
    };
  });
  const tracked = tracker?.clusterArn;
  if (tracked === undefined || made.some((it) => it.arn === tracked)) return made;
  return [...made, existingCluster(tracked, made.length)];
}

/** A database that the assembly only names: nothing of it is known but its ARN, so it is taken for one in Multi-AZ mode. */
function existing(arn: string, index: number): DatabaseInstance {
  const [, , , region = '', , , identifier = ''] = arn.split(':');
  return {
    identifier,
    arn,
    resourceId: `db-${lettersFrom(arn, 26, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    instanceClass: 'db.m7g.large',
    engine: 'mysql',
    engineVersion: '',
    multiAz: true,
    host: `${identifier}.c${lettersFrom(`${arn}/host`, 11)}.${region}.rds.amazonaws.com`,
    port: 3306,
    api: { status: 'available', availabilityZone: `${region}a`, secondaryZone: `${region}b` },
    addresses: [`10.40.16.${10 + index}`],
  };
}

/** A cluster that the assembly only names. */
function existingCluster(arn: string, index: number): DatabaseCluster {
  const [, , , region = '', , , identifier = ''] = arn.split(':');
  const members = [1, 2, 3].map((number) => `${identifier}-instance-${number}`);
  return {
    identifier,
    arn,
    resourceId: `cluster-${lettersFrom(arn, 26, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    engine: 'mysql',
    host: `${identifier}.cluster-c${lettersFrom(`${arn}/host`, 11)}.${region}.rds.amazonaws.com`,
    port: 3306,
    members,
    api: { status: 'available', writers: members.slice(0, 1) },
    addresses: [`10.40.16.${100 + index}`],
  };
}
