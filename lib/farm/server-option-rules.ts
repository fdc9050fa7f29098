import { isIP } from 'node:net';
import { Token } from 'aws-cdk-lib';
import { requireSeconds, requireWhole } from '../validation/bounds';
import { known, type Problems } from '../validation/problems';
import type { FarmDefaults } from './farm-defaults';
import type { FarmSize } from './farm-size';
import type { MobiLinkServerFarmProps } from './mobilink-server-farm-props';
import { SCALING_METRICS } from './server-metrics';

/** Notes what is wrong with the props that become options of mlsrv17, and with how its log is read. */
export function validateServerOptions(
  problems: Problems,
  props: MobiLinkServerFarmProps,
  defaults: FarmDefaults,
  size: FarmSize,
): void {
  requireWhole(problems, props.uploadWorkers, {
    id: 'MobiLink:Farm:UploadWorkers',
    prop: 'uploadWorkers',
    lowest: 1,
    highest: known(size.workers) ?? 1000,
    why: 'only workers apply uploads',
    fix: 'leave it out for all workers',
  });
  const counts = {
    maxActiveSyncs: props.maxActiveSyncs,
    maxNetworkConnections: props.maxNetworkConnections,
    uploadGroup: props.uploadGroup,
  };
  for (const [prop, value] of Object.entries(counts)) {
    requireWhole(problems, value, {
      id: 'MobiLink:Farm:ServerOption',
      prop,
      lowest: 1,
      highest: 1_000_000,
      fix: 'leave it out for the default of mlsrv17',
    });
  }
  requireSeconds(problems, defaults.periodicInterval, {
    id: 'MobiLink:Farm:PeriodicInterval',
    prop: 'periodicInterval',
    lowest: 10,
    highest: 60,
    why: 'scaling looks at each minute',
    fix: 'leave it out for 60 s',
  });
  props.verbosity?._validate(problems);
  validateIgnoredClients(problems, props);
  validateMetrics(problems, props);
}

function validateIgnoredClients(
  problems: Problems,
  { ignoredClients = [], preserveClientIp }: MobiLinkServerFarmProps,
) {
  if (!requireList(problems, 'ignoredClients', ignoredClients)) return;
  problems.require(ignoredClients.length === 0 || preserveClientIp === true, {
    id: 'MobiLink:Farm:IgnoredClients',
    prop: 'ignoredClients',
    rule: 'needs preserveClientIp: without it every remote comes from an address of the load balancer, and could be cut off',
    value: ignoredClients,
    fix: 'set preserveClientIp, or leave the addresses out',
  });
  const wrong = ignoredClients.filter((it) => isIP(known(it) ?? '127.0.0.1') === 0);
  problems.require(wrong.length === 0, {
    id: 'MobiLink:Farm:IgnoredClient',
    prop: 'ignoredClients',
    rule: 'must be IP addresses',
    value: wrong,
    fix: 'give single addresses, without port or range',
  });
}

function validateMetrics(problems: Problems, { metricNames, metricPattern }: MobiLinkServerFarmProps): void {
  if (metricNames !== undefined && requireList(problems, 'metricNames', metricNames)) {
    const missing = Object.values(SCALING_METRICS).filter((name) => !metricNames.includes(name));
    problems.require(missing.length === 0 || metricNames.some((it) => Token.isUnresolved(it)), {
      id: 'MobiLink:Farm:MetricNames',
      prop: 'metricNames',
      rule: `must hold ${Object.values(SCALING_METRICS).join(' and ')}, by which the farm is scaled`,
      value: metricNames,
      fix: `add ${missing.join(' and ')}`,
    });
    const wrong = metricNames.filter((it) => !/^[!-~]{1,255}$/.test(known(it) ?? 'A'));
    problems.require(wrong.length === 0, {
      id: 'MobiLink:Farm:MetricName',
      prop: 'metricNames',
      rule: 'must be names as the log has them',
      value: wrong,
      fix: 'copy them from the log',
    });
  }
  const pattern = known(metricPattern);
  problems.require(pattern === undefined || isPattern(pattern), {
    id: 'MobiLink:Farm:MetricPattern',
    prop: 'metricPattern',
    rule: 'must be a regular expression with the groups (?<name>...) and (?<value>...)',
    value: pattern,
    fix: 'leave it out for PERIODIC: NAME: value',
  });
}

function requireList(problems: Problems, prop: string, list: string[]): boolean {
  const isListed = !Token.isUnresolved(list);
  problems.require(isListed, {
    id: 'MobiLink:Farm:List',
    prop,
    rule: 'must be a list that is known at synth',
    value: 'a token',
    fix: 'list them one by one; each may be a token',
  });
  return isListed;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
  } catch {
    return false;
  }
  return text.includes('(?<name>') && text.includes('(?<value>');
}
