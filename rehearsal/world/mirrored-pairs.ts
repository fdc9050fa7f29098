import * as v from 'valibot';
import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import { MEMBERS, type PairDescription, type PairMember, type PairServer } from '../cloud/mirrored-pair';
import { read } from './descriptions';
import type { Endpoint } from './security-groups';

/** A mirrored pair as its launch templates make it: by what the user data writes onto the hosts. */
export interface DeployedPair extends PairDescription {
  readonly port: number;
  readonly rolePort: number;
  /** The path of the role service, which is its name in the database. */
  readonly rolePath: string;
  readonly zoneId: string;
  readonly hosts: Readonly<Record<PairMember, DeployedHost>>;
}

export interface DeployedHost extends Endpoint {
  readonly roleArn: string;
}

const text = v.string();

const launchTemplate = v.object({
  LaunchTemplateData: v.object({
    UserData: v.optional(text, ''),
    SecurityGroupIds: v.optional(v.array(text), []),
    IamInstanceProfile: v.optional(v.object({ Arn: text })),
  }),
});

interface Launched {
  readonly settings: ReadonlyMap<string, string>;
  readonly sql: string;
  readonly subnet: DeployedResource;
  readonly host: DeployedHost;
}

/** The pair that tells of itself under this id; undefined when no launch template makes one. */
export function findPair(deployment: Deployment, databaseId: string | undefined): DeployedPair | undefined {
  const launched = deployment
    .ofType('AWS::EC2::LaunchTemplate')
    .flatMap((it) => readLaunched(deployment, it) ?? [])
    .filter(({ settings }) => settings.get('SYSTEM') === databaseId);
  if (launched.length === 0 || databaseId === undefined) return undefined;
  const [first, second, arbiter] = MEMBERS.map((member) => {
    const found = launched.find(({ settings }) => settings.get('ROLE') === member);
    if (!found) throw new Error(`the pair ${databaseId} has no launch template of its ${member}`);
    return found;
  }) as [Launched, Launched, Launched];
  const conf = (name: string) => wanted(databaseId, name, first.settings.get(name));
  return {
    databaseId,
    port: Number(conf('PORT')),
    rolePort: Number(conf('ROLE_PORT')),
    rolePath: rolePathIn(databaseId, first.sql),
    zoneId: conf('ZONE_ID'),
    mode: /synchronization_mode='async/.test(first.sql) ? 'asynchronous' : 'synchronous',
    liveness: Object.fromEntries(
      [first, second, arbiter].map(({ settings }) => {
        const server = settings.get('SERVER') ?? '';
        return [server, livenessOf(databaseId, first.sql, server)];
      }),
    ),
    servers: {
      first: serverOf(first, 'first'),
      second: serverOf(second, 'second'),
      arbiter: serverOf(arbiter, 'arbiter'),
    },
    hosts: { first: first.host, second: second.host, arbiter: arbiter.host },
  };
}

/** A server without a mirror, as its launch template makes it. */
export interface DeployedServer {
  readonly server: string;
  readonly name: string;
  readonly port: number;
  readonly rolePort: number;
  readonly rolePath: string;
  readonly zoneId: string;
  readonly host: DeployedHost;
}

/** The server that tells of itself under this id; undefined when no launch template makes one. */
export function findServer(deployment: Deployment, databaseId: string | undefined): DeployedServer | undefined {
  const launched = deployment
    .ofType('AWS::EC2::LaunchTemplate')
    .flatMap((it) => readLaunched(deployment, it) ?? [])
    .find(({ settings }) => settings.get('SYSTEM') === databaseId && settings.get('ROLE') === 'single');
  if (!launched || databaseId === undefined) return undefined;
  const conf = (name: string) => wanted(databaseId, name, launched.settings.get(name));
  return {
    server: conf('SERVER'),
    name: conf('RECORD'),
    port: Number(conf('PORT')),
    rolePort: Number(conf('ROLE_PORT')),
    rolePath: rolePathIn(databaseId, launched.sql),
    zoneId: conf('ZONE_ID'),
    host: launched.host,
  };
}

function rolePathIn(databaseId: string, sql: string): string {
  return `/${wanted(databaseId, 'role service', /^CREATE OR REPLACE SERVICE "([^"]+)"/m.exec(sql)?.[1])}`;
}

function serverOf({ settings, subnet, host }: Launched, member: PairMember): PairServer {
  return {
    member,
    server: wanted(member, 'SERVER', settings.get('SERVER')),
    host: wanted(member, 'RECORD', settings.get('RECORD')),
    address: host.address,
    availabilityZone: String(subnet.attributes.AvailabilityZone),
  };
}

/** In the connection string of the server's own definition, by which the others reach it; `LTO` is in seconds. */
function livenessOf(databaseId: string, sql: string, server: string): number {
  const defined = sql.split('\n').find((line) => line.startsWith(`CREATE OR REPLACE MIRROR SERVER "${server}" AS `));
  const seconds = /[;']LTO=(\d+)/.exec(wanted(databaseId, `definition of ${server}`, defined))?.[1];
  return Number(wanted(databaseId, `liveness time-out of ${server}`, seconds)) * 1_000;
}

function readLaunched(deployment: Deployment, template: DeployedResource): Launched | undefined {
  const { UserData, SecurityGroupIds, IamInstanceProfile } = read(template, launchTemplate).LaunchTemplateData;
  const script = Buffer.from(UserData, 'base64').toString('utf8');
  const configuration = fileIn(script, '/etc/mobilink-ha/pair.conf');
  if (configuration === undefined) return undefined;
  const pairs = configuration.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? ''] as const];
  });
  const subnet = subnetOf(deployment, template);
  return {
    settings: new Map(pairs),
    sql: fileIn(script, '/etc/mobilink-ha/pair.sql') ?? '',
    subnet,
    host: {
      securityGroupIds: SecurityGroupIds,
      address: hostAddress(String(subnet.attributes.CidrBlock), OWN_ADDRESS),
      roleArn: roleOf(deployment, IamInstanceProfile?.Arn),
    },
  };
}

/** What the script writes into the file, as a here-document. */
function fileIn(script: string, name: string): string | undefined {
  const begin = new RegExp(`^cat >${name} <<'(\\w+)'\\n`, 'm').exec(script);
  if (!begin) return undefined;
  const rest = script.slice(begin.index + begin[0].length);
  return rest.slice(0, rest.indexOf(`\n${begin[1]}\n`));
}

/** The group of size one that starts hosts from the template says where they stand. */
function subnetOf(deployment: Deployment, template: DeployedResource): DeployedResource {
  const group = deployment.ofType('AWS::AutoScaling::AutoScalingGroup').find((it) => {
    const { LaunchTemplate } = it.properties;
    return JSON.stringify(LaunchTemplate ?? null).includes(template.physicalId);
  });
  const ids = group ? read(group, v.object({ VPCZoneIdentifier: v.array(text) })).VPCZoneIdentifier : [];
  return wanted(template.path, 'subnet', deployment.find(ids[0] ?? ''));
}

function roleOf(deployment: Deployment, profileArn: string | undefined): string {
  const profile = wanted('a host of a pair', 'instance profile', deployment.find(profileArn ?? ''));
  const [name = ''] = read(profile, v.object({ Roles: v.array(text) })).Roles;
  return wanted(profile.path, 'role', deployment.find(name)?.arn);
}

/** Of the hosts that an Auto Scaling group starts from a launch template. */
export function roleOfGroup(deployment: Deployment, groupName: string): string {
  const { LaunchTemplate } = deployment.find(groupName)?.properties ?? {};
  const template = deployment
    .ofType('AWS::EC2::LaunchTemplate')
    .find((it) => JSON.stringify(LaunchTemplate ?? null).includes(it.physicalId));
  const { IamInstanceProfile } = read(
    wanted(groupName, 'launch template', template),
    launchTemplate,
  ).LaunchTemplateData;
  return roleOf(deployment, IamInstanceProfile?.Arn);
}

/** EC2 keeps the first four addresses of a subnet; which one a host gets is its own affair. */
const OWN_ADDRESS = 10;

/** An address in a range, counted from its beginning. */
export function hostAddress(cidr: string, number: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = (cidr.split('/')[0] ?? '').split('.').map(Number);
  return [a, b, c, d + number].join('.');
}

function wanted<T>(whose: string, what: string, found: T | undefined): T {
  if (found === undefined) throw new Error(`${whose} cannot be rehearsed: it has no ${what}`);
  return found;
}
