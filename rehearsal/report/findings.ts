import { createHash } from 'node:crypto';
import type { Deployment } from '../assembly/deployment';
import type { DeniedPermission, UnusedPermission } from '../iam/permission-use';
import type { Scenario } from '../scenarios/scenario';
import type { Authority } from '../world/authority';
import { describeMappings } from '../world/queue-descriptions';
import type { World } from '../world/world';
import type { Checks } from './checks';

/** What no story may bring up, whatever it is about. */
export function findings(world: World, scenario: Scenario, checks: Checks): void {
  const unexpected = world.troubles.filter(
    ({ what }) => !scenario.expects?.some((expected) => what.includes(expected)),
  );
  const different = [...new Set(unexpected.map(({ what }) => what))];
  checks.promise(
    'no invocation fails, nothing is refused and nothing is lost',
    unexpected.length === 0,
    unexpected.length === 0
      ? `${world.ended.length} invocations ended well`
      : `${unexpected.length} times: ${different.slice(0, 3).join(' | ')}`,
  );
  const denied = world.wire.requests.entries.filter(({ outcome }) => outcome === '403');
  const [first] = denied;
  checks.promise(
    'every call is allowed by the template’s own policies',
    denied.length === 0,
    first ? `${denied.length} calls denied, first ${first.service}:${first.operation}` : 'none denied',
  );
}

/**
 * Lists what is granted and never used and what is used and not granted; both should be empty.
 * @param everything whether all scenarios were played: a few of them need not use everything.
 */
export function permissionFindings(
  report: { neverUsed: UnusedPermission[]; denied: DeniedPermission[] },
  everything: boolean,
  print: (line: string) => void,
): string[] {
  const unused = report.neverUsed.map(
    ({ role, action, resource }) => `granted and never used: ${action} on ${resource}, by ${role}`,
  );
  const denied = report.denied.map(
    ({ role, action, resource, times }) => `used and not granted: ${action} on ${resource}, by ${role}, ${times} times`,
  );
  print('\npermissions of functions and schedules');
  for (const line of everything ? [...unused, ...denied] : denied) print(`  ${line}`);
  if (denied.length === 0) print('  each one used was granted');
  if (everything && unused.length === 0) print('  each one granted was used');
  if (!everything) print(`  ${unused.length} of those granted were not used by these scenarios`);
  return everything ? [...unused, ...denied] : denied;
}

/**
 * Queues that feed a function and take messages over plain HTTP. Within one account nothing else depends on such a queue's
 * policy: the roles' own policies let senders in. So a policy that is gone shows here and nowhere else.
 */
export function transportFindings(deployment: Deployment, authority: Authority): string[] {
  const queues = new Set(describeMappings(deployment).map(({ queueArn }) => queueArn));
  return [...queues]
    .filter((resource) => authority.overPlainHttp({ action: 'sqs:SendMessage', resource }).allowed)
    .map((resource) => `nothing in the policy of ${resource} denies messages over plain HTTP`);
}

/** One line that is the same exactly when every request of every function was. */
export function fingerprint(digests: string): string {
  return createHash('sha256').update(digests).digest('hex');
}
