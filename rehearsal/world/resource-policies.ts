import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { PolicyDocument } from '../iam/policy-document';

/** Which property of which type attaches a policy to another resource, and what that property holds of it. */
const ATTACHED: readonly { type: string; to: string; document: string }[] = [
  { type: 'AWS::SecretsManager::ResourcePolicy', to: 'SecretId', document: 'ResourcePolicy' },
  { type: 'AWS::SQS::QueuePolicy', to: 'Queues', document: 'PolicyDocument' },
  { type: 'AWS::SNS::TopicPolicy', to: 'Topics', document: 'PolicyDocument' },
];

/** Which property of a type holds the resource's own policy, as a path. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  'AWS::KMS::Key': ['KeyPolicy'],
  'AWS::DynamoDB::Table': ['ResourcePolicy', 'PolicyDocument'],
  'AWS::Events::EventBus': ['Policy'],
};

/** The resource policies of a deployment: for a resource always the same object, so that decisions can be remembered by it. */
export class ResourcePolicies {
  private readonly known = new Map<string, PolicyDocument | undefined>();

  constructor(private readonly deployment: Deployment) {}

  /** What the template says about who may use the resource; undefined when it says nothing. */
  public of(arn: string): PolicyDocument | undefined {
    if (!this.known.has(arn)) {
      const statements = this.statements(arn);
      this.known.set(arn, statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements });
    }
    return this.known.get(arn);
  }

  private statements(arn: string): unknown[] {
    if (/^arn:[^:]+:lambda:/.test(arn)) return this.functionPermissions(arn);
    if (/^arn:[^:]+:events:[^:]*:[^:]*:event-bus\//.test(arn)) return this.busPolicies(arn);
    const resource = this.deployment.find(arn);
    if (!resource) return [];
    const own = (OWN[resource.type] ?? ['']).reduce<unknown>(member, resource.properties);
    const attached = ATTACHED.flatMap(({ type, to, document }) =>
      this.deployment
        .ofType(type)
        .filter(({ properties }) => names(properties[to], resource))
        .map(({ properties }) => properties[document]),
    );
    return [own, ...attached].flatMap(statementsIn);
  }

  /** The permissions of a function, as the resource policy that Lambda makes of them. */
  private functionPermissions(arn: string): object[] {
    const fn = this.deployment.find(arn);
    return this.deployment
      .ofType('AWS::Lambda::Permission')
      .map(({ properties }) => properties)
      .filter(({ FunctionName: name }) => name === arn || name === fn?.physicalId)
      .map((permission) => permissionStatement(permission, arn));
  }

  private busPolicies(arn: string): unknown[] {
    const bus = arn.split('/').at(-1);
    const policies = this.deployment
      .ofType('AWS::Events::EventBusPolicy')
      .filter(
        ({ properties }) =>
          String(properties.EventBusName ?? 'default')
            .split('/')
            .at(-1) === bus,
      )
      .map(({ properties }) => properties.Statement);
    const own = this.deployment.find(arn)?.properties.Policy;
    return [...policies.filter((it) => it !== undefined), ...statementsIn(own)];
  }
}

function permissionStatement(permission: Readonly<Record<string, unknown>>, functionArn: string): object {
  const principal = String(permission.Principal);
  return {
    Effect: 'Allow',
    Action: permission.Action,
    Resource: functionArn,
    Principal: principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
    Condition: {
      ...(permission.SourceArn ? { ArnLike: { 'aws:SourceArn': permission.SourceArn } } : {}),
      ...(permission.SourceAccount ? { StringEquals: { 'aws:SourceAccount': permission.SourceAccount } } : {}),
    },
  };
}

function names(value: unknown, resource: DeployedResource): boolean {
  return [value].flat().some((it) => it === resource.physicalId || it === resource.arn);
}

function statementsIn(document: unknown): unknown[] {
  const statements = member(document, 'Statement');
  return statements === undefined ? [] : [statements].flat();
}

function member(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}
