import type { Deployment } from '../assembly/deployment';
import { customResources } from './custom-resources';
import { describeFunctions, describeRules, describeSchedules } from './descriptions';
import { describeMappings } from './queue-descriptions';
import { rotatedSecrets, rotatingRoles } from './rotations';

/** Everything that events, schedules, queues, CloudFormation and Secrets Manager call; the functions among them are run. */
export function startedTargets(deployment: Deployment): Set<string> {
  return new Set([
    ...describeRules(deployment).flatMap((rule) => rule.targets.map((target) => target.arn)),
    ...describeSchedules(deployment).map((schedule) => schedule.targetArn),
    ...describeMappings(deployment).map(({ functionArn }) => functionArn),
    ...customResources(deployment).map(({ properties }) => String(properties.ServiceToken)),
    ...rotatedSecrets(deployment).map(({ functionArn }) => functionArn),
  ]);
}

/** The roles of the functions that run, whose names their queues are polled in too, of the schedules, and of tasks whose calls are played. */
export function startedRoles(deployment: Deployment): string[] {
  const functions = describeFunctions(deployment, startedTargets(deployment));
  const schedules = describeSchedules(deployment);
  return [
    ...new Set([
      ...functions.map((fn) => fn.description.roleArn),
      ...schedules.map((it) => it.roleArn),
      ...rotatingRoles(deployment),
    ]),
  ];
}
