import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { ApplicablePolicies } from './evaluator';
import { type PolicyDocument, PolicyError } from './policy-document';

/** What the template says about one role. */
export interface RolePolicies extends ApplicablePolicies {
  readonly roleArn: string;
  /** Who may assume the role: the resource policy of `sts:AssumeRole` on it. */
  readonly trust: PolicyDocument;
}

const collected = new WeakMap<Deployment, Map<string, RolePolicies>>();

/**
 * The policies of a role of the deployment: always the same object for the same role. A policy that the template only
 * names, such as one of those that AWS manages, is refused: what it allows stands nowhere in the template.
 */
export function rolePolicies(deployment: Deployment, roleArn: string): RolePolicies {
  const roles = collected.get(deployment) ?? new Map<string, RolePolicies>();
  collected.set(deployment, roles);
  const known = roles.get(roleArn);
  if (known) return known;
  const role = deployment.find(roleArn);
  if (role?.type !== 'AWS::IAM::Role' || role.arn !== roleArn) {
    throw new PolicyError(`the role ${roleArn} is none of the assembly`);
  }
  const policies = collect(deployment, role, roleArn);
  roles.set(roleArn, policies);
  return policies;
}

function collect(deployment: Deployment, role: DeployedResource, roleArn: string): RolePolicies {
  const where = `${role.stackName}/${role.logicalId}`;
  const managed = deployment.ofType('AWS::IAM::ManagedPolicy');
  const named = (arn: unknown): DeployedResource => {
    const found = managed.find((it) => it.physicalId === arn);
    if (found) return found;
    throw new PolicyError(
      `the role ${where} has the managed policy ${JSON.stringify(arn)}, which is not in the template: what it allows is not known here`,
    );
  };
  const attached = list(role.properties.ManagedPolicyArns).map(named);
  for (const policy of managed) {
    if (list(policy.properties.Roles).includes(role.physicalId) && !attached.includes(policy)) attached.push(policy);
  }
  const byName = deployment
    .ofType('AWS::IAM::Policy')
    .filter((it) => it.accountId === role.accountId && list(it.properties.Roles).includes(role.physicalId));
  const single = deployment
    .ofType('AWS::IAM::RolePolicy')
    .filter((it) => it.accountId === role.accountId && it.properties.RoleName === role.physicalId);
  const boundary = role.properties.PermissionsBoundary;
  return {
    roleArn,
    trust: document(role.properties.AssumeRolePolicyDocument, `${where}: its trust policy`),
    identity: [
      ...list(role.properties.Policies).map((it) => documentIn(it, `${where}: its inline policy`)),
      ...[...byName, ...single, ...attached].map((it) => documentIn(it.properties, `${it.stackName}/${it.logicalId}`)),
    ],
    permissionsBoundary:
      boundary === undefined ? undefined : documentIn(named(boundary).properties, `${where}: its boundary`),
  };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function documentIn(holder: unknown, where: string): PolicyDocument {
  return document(
    typeof holder === 'object' && holder !== null ? Reflect.get(holder, 'PolicyDocument') : undefined,
    where,
  );
}

function document(value: unknown, where: string): PolicyDocument {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new PolicyError(`${where} is missing`);
}
