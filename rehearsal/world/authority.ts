import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { Permission } from '../cloud/service';
import { type ApplicablePolicies, type AuthorizationRequest, IamEvaluator } from '../iam/evaluator';
import { type DeniedPermission, PermissionUse, servicesNamed, type UnusedPermission } from '../iam/permission-use';
import { type RolePolicies, rolePolicies } from '../iam/role-policies';
import { ServiceReference } from '../iam/service-reference';
import { ResourcePolicies } from './resource-policies';

export interface Verdict {
  readonly allowed: boolean;
  /** As AWS words it; empty where the call is allowed. */
  readonly message: string;
}

/** Services that the stand-ins themselves ask for, whatever the policies name. */
const OWN_SERVICES = [
  'autoscaling',
  'dynamodb',
  'ec2',
  'ecs',
  'events',
  'iam',
  'kms',
  'lambda',
  'logs',
  'rds',
  'route53',
  'scheduler',
  'secretsmanager',
  'sqs',
  'ssm',
  'sts',
];

/** What leaves a function or a service leaves it over TLS; only within the rehearsal it does not. */
const ENCRYPTED = { 'aws:SecureTransport': 'true' };

const ADMINISTRATOR = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** Answers every question of permission by the template's own policies, and counts what was used. */
export class Authority {
  /** @param roleArns the roles of functions and schedules that the rehearsal runs. */
  public static async load(deployment: Deployment, roleArns: string[]): Promise<Authority> {
    const roles = roleArns.map((arn) => rolePolicies(deployment, arn));
    const named = servicesNamed(roles.flatMap((role) => role.identity));
    const reference = await ServiceReference.load(new Set([...OWN_SERVICES, ...named]));
    return new Authority(deployment, roles, new IamEvaluator(reference), new PermissionUse(reference));
  }

  private readonly resources: ResourcePolicies;
  private readonly pairs = new Map<string, ApplicablePolicies>();

  private constructor(
    private readonly deployment: Deployment,
    private readonly roles: RolePolicies[],
    private readonly evaluator: IamEvaluator,
    private readonly use: PermissionUse,
  ) {
    this.resources = new ResourcePolicies(deployment);
  }

  /** May the role do this? Asked for calls of functions, and for what AWS does in a role's name. */
  public ofRole(roleArn: string, permission: Permission): Verdict {
    const { action, resource } = permission;
    const request: AuthorizationRequest = {
      principal: { arn: roleArn, sessionName: roleArn.split('/').at(-1) },
      action,
      resource,
      context: { ...ENCRYPTED, ...permission.context, ...resourceContext(this.deployment.find(resource)) },
    };
    const decision = this.evaluator.evaluate(request, this.applicable(roleArn, resource));
    this.use.record({ roleArn, action, resource, allowed: decision.allowed, matched: decision.matched });
    return decision;
  }

  /** May a service do this in its own name, for a resource of the account? Lambda asks by the function's permissions. */
  public ofService(service: string, permission: Permission, sourceArn: string): Verdict {
    const { action, resource } = permission;
    return this.evaluator.evaluate(
      {
        principal: { arn: service, service: true },
        action,
        resource,
        context: { ...ENCRYPTED, ...permission.context, ...sourceContext(sourceArn) },
      },
      { identity: [], resource: this.resources.of(resource) },
    );
  }

  /** Could an administrator of the account do this over plain HTTP? Only a Deny in the resource's own policy forbids it. */
  public overPlainHttp({ action, resource }: Permission): Verdict {
    const [, partition, , , account] = resource.split(':');
    return this.evaluator.evaluate(
      {
        principal: { arn: `arn:${partition}:iam::${account}:role/administrator` },
        action,
        resource,
        context: { 'aws:SecureTransport': 'false' },
      },
      { identity: [ADMINISTRATOR], resource: this.resources.of(resource) },
    );
  }

  /** May a service assume the role, for a resource of the account? */
  public assume(service: string, roleArn: string, sourceArn: string): Verdict {
    return this.evaluator.evaluate(
      {
        principal: { arn: service, service: true },
        action: 'sts:AssumeRole',
        resource: roleArn,
        context: sourceContext(sourceArn),
      },
      { identity: [], resource: this.policiesOf(roleArn).trust },
    );
  }

  /** What the roles were granted and never used, and used without being granted. */
  public report(): { neverUsed: UnusedPermission[]; denied: DeniedPermission[] } {
    return this.use.report(this.roles);
  }

  /** The role's own policies and those of the resource; always the same object for the same pair. */
  private applicable(roleArn: string, resource: string): ApplicablePolicies {
    const resourcePolicy = this.resources.of(resource);
    const own = this.policiesOf(roleArn);
    if (!resourcePolicy) return own;
    const pair = `${roleArn} ${resource}`;
    const known = this.pairs.get(pair) ?? { ...own, resource: resourcePolicy };
    this.pairs.set(pair, known);
    return known;
  }

  private policiesOf(roleArn: string): RolePolicies {
    return this.roles.find((role) => role.roleArn === roleArn) ?? rolePolicies(this.deployment, roleArn);
  }
}

/** What a service says of the resource on whose behalf it calls. */
function sourceContext(sourceArn: string): Record<string, string> {
  return { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': sourceArn.split(':')[4] ?? '' };
}

/** The tags of the resource, as conditions see them. */
function resourceContext(resource: DeployedResource | undefined): Record<string, string> {
  const tags: unknown = resource?.properties.Tags;
  if (!Array.isArray(tags)) return {};
  return Object.fromEntries(
    tags.map(({ Key, Value }: { Key: unknown; Value: unknown }) => [`aws:ResourceTag/${Key}`, String(Value)]),
  );
}
