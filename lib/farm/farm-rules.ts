import type { Construct } from 'constructs';
import { requireSeconds, requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import { validatePreparation } from './database-preparation-rules';
import { validateName } from './domain-rules';
import { validateExtraArguments } from './extra-arguments';
import { validateFargateSize } from './fargate-size';
import type { FarmDefaults } from './farm-defaults';
import { type FarmSize, peakServers } from './farm-size';
import type { FarmSubnets } from './farm-subnets';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import { isServerPort } from './mobilink-stream';
import { validateServerOptions } from './server-option-rules';

/** ECS accepts five target groups a service (Amazon ECS Developer Guide, "Service load balancing considerations"). */
const MAXIMUM_STREAMS = 5;

/** Throws one error with everything that is wrong with the farm's own props. */
export function validateFarm(
  farm: Construct,
  props: MobiLinkServerFarmProps,
  defaults: FarmDefaults,
  size: FarmSize,
  subnets: FarmSubnets,
): void {
  const problems = new Problems(farm);
  props.image._validate(problems, farm, props.database);
  validatePreparation(problems, props.preparation);
  props.loginRotation?._validate(problems, props.database.engine);
  validateStreams(problems, defaults);
  subnets.validate(problems, props.singleServerReason !== undefined);
  defaults.exposure._validate(problems, defaults.streams, subnets.loadBalancer.length);
  validateName(problems, props);
  validateServers(problems, props, size);
  validateDeployment(problems, size);
  validateConnections(problems, size);
  validateFargateSize(problems, defaults.cpu, defaults.memoryLimitMiB);
  requireWhole(problems, props.ephemeralStorageGiB, {
    id: 'MobiLink:Farm:EphemeralStorage',
    prop: 'ephemeralStorageGiB',
    lowest: 21,
    highest: 200,

    fix: 'leave it out for the 20 GiB that Fargate includes',
  });
  validateScaling(problems, props);
  validateTimes(problems, props, defaults);
  validateServerOptions(problems, props, defaults, size);
  validateExtraArguments(problems, props.extraArguments);
  problems.throwIfAny();
}

function validateScaling(problems: Problems, props: MobiLinkServerFarmProps): void {
  const percent = { lowest: 1, highest: 100 };
  requireWhole(problems, props.targetCpuUtilizationPercent, {
    id: 'MobiLink:Farm:TargetCpu',
    prop: 'targetCpuUtilizationPercent',
    ...percent,
    fix: 'leave it out for 60',
  });
  requireWhole(problems, props.targetConnectionsPercent, {
    id: 'MobiLink:Farm:TargetConnections',
    prop: 'targetConnectionsPercent',
    ...percent,
    fix: 'leave it out for 70',
  });
  requireWhole(problems, props.targetSyncQueueLength, {
    id: 'MobiLink:Farm:TargetSyncQueue',
    prop: 'targetSyncQueueLength',
    lowest: 1,
    highest: 100_000,
    fix: 'leave it out for 10',
  });
}

function validateStreams(problems: Problems, { streams, healthPort }: FarmDefaults): void {
  problems.require(streams.length >= 1 && streams.length <= MAXIMUM_STREAMS, {
    id: 'MobiLink:Farm:Streams',
    prop: 'streams',
    rule: `must be 1 to ${MAXIMUM_STREAMS}; ECS registers a service with at most ${MAXIMUM_STREAMS} target groups`,
    value: streams.length,
    fix: 'list what your remotes use, or leave it out for tcpip on 2439',
  });
  for (const [index, stream] of streams.entries()) stream._validate(problems, `streams[${index}]`);

  const ports = streams.map((stream) => known(stream.port)).filter((port) => port !== undefined);
  const twice = ports.filter((port, index) => ports.indexOf(port) !== index);
  problems.require(twice.length === 0, {
    id: 'MobiLink:Farm:StreamPortTwice',
    prop: 'streams',
    rule: 'must each have a port of their own',
    value: ports,
    fix: `give another port to one of those on ${twice.join(', ')}`,
  });
  const health = known(healthPort);
  problems.require(health === undefined || (isServerPort(health) && !ports.includes(health)), {
    id: 'MobiLink:Farm:HealthPort',
    prop: 'healthPort',
    rule: 'must be a whole number from 1024 to 65535 that no stream has; it is the supervisor that listens there',
    value: health,
    fix: 'leave it out for 8439, or move the stream',
  });
}

function validateServers(problems: Problems, props: MobiLinkServerFarmProps, size: FarmSize): void {
  const reason = known(props.singleServerReason);
  problems.require(reason === undefined || reason.trim() !== '', {
    id: 'MobiLink:Farm:Reason',
    prop: 'singleServerReason',
    rule: 'must say why',
    value: reason,
    fix: 'write the reason for whoever reads the code after an outage, or leave the prop out',
  });
  const min = known(size.minServers);
  const lowest = props.singleServerReason === undefined ? 2 : 1;
  problems.require(min === undefined || (Number.isInteger(min) && min >= lowest), {
    id: 'MobiLink:Farm:MinServers',
    prop: 'minServers',
    rule: `must be a whole number of at least ${lowest}; one server is a single point of failure`,
    value: min,
    fix: lowest === 2 ? 'run at least 2, or say in singleServerReason why 1 is enough' : 'run at least 1',
  });
  const max = known(size.maxServers);
  problems.require(max === undefined || (Number.isInteger(max) && max >= (min ?? 1)), {
    id: 'MobiLink:Farm:MaxServers',
    prop: 'maxServers',
    rule: `must be a whole number of at least minServers (${min ?? 'known to CloudFormation only'})`,
    value: max,
    fix: 'raise maxServers or lower minServers',
  });
  requireWhole(problems, size.drainingServers, {
    id: 'MobiLink:Farm:DrainingServers',
    prop: 'drainingServers',
    lowest: 0,

    fix: 'leave it out for maxServers, as after a deployment of the whole farm',
  });
  requireWhole(problems, props.licensedServers, {
    id: 'MobiLink:Farm:LicensedServers',
    prop: 'licensedServers',
    lowest: 1,

    fix: 'give the number in your licence, or leave it out',
  });
  const licensed = known(props.licensedServers);
  const peak = peakServers(size);
  problems.require(licensed === undefined || peak === undefined || peak <= licensed, {
    id: 'MobiLink:Farm:Licences',
    prop: 'licensedServers',
    rule:
      `must cover the ${peak} servers that run at a time during a deployment (${size.maxServers} x ` +
      `${size.maximumPercent} % and ${size.drainingServers} draining)`,
    value: licensed,
    fix: 'lower maxServers, maximumPercent or drainingServers, or license more servers',
  });
}

function validateDeployment(problems: Problems, size: FarmSize): void {
  requireWhole(problems, size.maximumPercent, {
    id: 'MobiLink:Farm:MaximumPercent',
    prop: 'maximumPercent',
    lowest: 100,
    highest: 200,

    fix: 'leave it out for 200',
  });
  requireWhole(problems, size.minimumHealthyPercent, {
    id: 'MobiLink:Farm:MinimumHealthyPercent',
    prop: 'minimumHealthyPercent',
    lowest: 0,
    highest: 100,

    fix: 'leave it out for 100',
  });
  const min = known(size.minServers);
  const max = known(size.maxServers);
  const ceiling = known(size.maximumPercent);
  const floor = known(size.minimumHealthyPercent);
  if (min === undefined || max === undefined || ceiling === undefined || floor === undefined) return;
  const stuck = range(min, max).find((n) => Math.floor((n * ceiling) / 100) <= Math.ceil((n * floor) / 100));
  problems.require(stuck === undefined, {
    id: 'MobiLink:Farm:DeploymentRoom',
    prop: 'maximumPercent',
    rule:
      `a deployment could neither start nor stop a server when ${stuck} are wanted: ECS rounds maximumPercent ` +
      `(${ceiling}) down and minimumHealthyPercent (${floor}) up`,
    value: ceiling,
    fix: 'raise maximumPercent, or lower minimumHealthyPercent, so that there is room for one server more',
  });
}

/** Whole numbers of a farm's size; nothing if the bounds themselves are wrong, which another rule says. */
function range(min: number, max: number): number[] {
  if (!Number.isInteger(min) || !Number.isInteger(max) || min > max || min < 1) return [];
  // From 100 servers on, one percent is one server: rounding can no longer take the room away.
  return Array.from({ length: Math.min(max, min + 100) - min + 1 }, (_, index) => min + index);
}

function validateConnections(problems: Problems, size: FarmSize): void {
  requireWhole(problems, size.workers, {
    id: 'MobiLink:Farm:Workers',
    prop: 'workers',
    lowest: 1,
    highest: 1000,
    fix: 'leave it out for 5, as mlsrv17',
  });
  requireWhole(problems, size.maxWorkers, {
    id: 'MobiLink:Farm:MaxWorkers',
    prop: 'maxWorkers',
    lowest: known(size.workers) ?? 1,
    highest: 1000,
    fix: 'leave it out for as many as workers: then their number does not change',
  });
  requireWhole(problems, size.scriptVersions, {
    id: 'MobiLink:Farm:ScriptVersions',
    prop: 'scriptVersions',
    lowest: 1,
    highest: 1000,
    fix: 'count the script versions that your remotes use at a time',
  });
}

function validateTimes(problems: Problems, props: MobiLinkServerFarmProps, defaults: FarmDefaults): void {
  requireSeconds(problems, defaults.longestSync, {
    id: 'MobiLink:Farm:LongestSync',
    prop: 'longestSync',
    lowest: 120,
    highest: 3600,
    why:
      'a load balancer waits for connections of a leaving server for at most 3600 s, and goes on sending new ones for ' +
      'about 120 s',
    fix: 'split longer syncs into publications, or accept that a deployment cuts them off and the next sync repairs it',
  });
  requireSeconds(problems, defaults.tcpIdleTimeout, {
    id: 'MobiLink:Farm:TcpIdleTimeout',
    prop: 'tcpIdleTimeout',
    lowest: 60,
    highest: 6000,
    why: 'that is the range of a network load balancer',
    fix: 'leave it out for 350 s, which is longer than any keep-alive of a client',
  });
  requireSeconds(problems, props.startupGracePeriod, {
    id: 'MobiLink:Farm:StartupGracePeriod',
    prop: 'startupGracePeriod',
    lowest: 0,
    highest: 2_147_483_647,
    why: 'that is the range of ECS',
    fix: 'leave it out for 5 minutes',
  });
}
