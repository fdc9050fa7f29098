import { known } from '../validation/problems';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';

/** How many servers with how many connections, with every default filled in. Each number may be a token. */
export interface FarmSize {
  readonly minServers: number;
  readonly maxServers: number;
  readonly maximumPercent: number;
  readonly minimumHealthyPercent: number;
  readonly drainingServers: number;
  readonly workers: number;
  readonly maxWorkers: number;
  readonly scriptVersions: number;
}

export function sizeOf(props: MobiLinkServerFarmProps): FarmSize {
  const minServers = props.minServers ?? 2;
  const maxServers = props.maxServers ?? Math.max(4, known(minServers) ?? 4);
  const workers = props.workers ?? 5;
  return {
    minServers,
    maxServers,
    maximumPercent: props.maximumPercent ?? 200,
    minimumHealthyPercent: props.minimumHealthyPercent ?? 100,
    drainingServers: props.drainingServers ?? maxServers,
    workers,
    maxWorkers: props.maxWorkers ?? workers,
    scriptVersions: props.scriptVersions ?? 1,
  };
}

/**
 * Servers at a time in the middle of a deployment: ECS rounds the ceiling down and does not count tasks that drain (Amazon
 * ECS API Reference, DeploymentConfiguration). Undefined if that is only known to CloudFormation.
 */
export function peakServers(size: FarmSize): number | undefined {
  const max = known(size.maxServers);
  const percent = known(size.maximumPercent);
  const draining = known(size.drainingServers);
  if (max === undefined || percent === undefined || draining === undefined) return undefined;
  return Math.floor((max * percent) / 100) + draining;
}

/**
 * What mlsrv17 may hold: its best is script versions x workers + 1 (SAP, "-cn mlsrv17 option"). Undefined if that is only
 * known to CloudFormation, which cannot multiply.
 */
export function serverConnections(size: FarmSize): number | undefined {
  const versions = known(size.scriptVersions);
  const workers = known(size.maxWorkers);
  return versions === undefined || workers === undefined ? undefined : versions * workers + 1;
}

/** The supervisor asks the database by a connection of its own whether it is writable. */
export const PROBE_CONNECTIONS = 1;
