import * as v from 'valibot';
import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { RawAnswer, RawRequest } from '../cloud/service';
import type { Connection } from '../functions/protocol';
import { read } from './descriptions';

/** Where CloudFormation takes answers of custom resources: a bucket of its own, by pre-signed URLs. */
const RESPONSES = 'cloudformation-custom-resource-responses.s3.amazonaws.com';

/** An address of documentation (RFC 5737). */
const ADDRESS = '192.0.2.10';

const properties = v.looseObject({ ServiceToken: v.string() });

const answerSchema = v.object({
  Status: v.picklist(['SUCCESS', 'FAILED']),
  Reason: v.optional(v.string()),
  PhysicalResourceId: v.pipe(v.string(), v.minLength(1)),
  StackId: v.string(),
  RequestId: v.string(),
  LogicalResourceId: v.string(),
});

export interface CustomResourcesWorld {
  invoke(functionArn: string, event: unknown): void;
  onTrouble(what: string): void;
}

export interface CustomResourceEnd {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly reason?: string;
}

/** The custom resources of this package, whose functions are called when a rehearsal begins, as when their stack is created. */
export class CustomResources {
  private readonly waiting = new Map<string, string>();
  private readonly ends = new Map<string, CustomResourceEnd>();
  private readonly physicalIds = new Map<string, string>();

  constructor(
    private readonly deployment: Deployment,
    private readonly world: CustomResourcesWorld,
  ) {}

  /** Those that have not been answered. */
  public get unanswered(): string[] {
    return [...this.waiting.values()];
  }

  public create(): void {
    for (const resource of customResources(this.deployment)) this.ask(resource, 'Create', 'create');
  }

  /** As when another deployment has changed what a preparation is told; gives the ids of the requests. */
  public prepareAgain(name: string): string[] {
    return this.deployment.ofType(DATABASE).map((resource) => this.ask(resource, 'Update', name));
  }

  /** How a request ended; undefined while it is waited for. */
  public endOf(requestId: string): CustomResourceEnd | undefined {
    return this.ends.get(requestId);
  }

  private ask(resource: DeployedResource, type: string, name: string): string {
    const { ServiceToken, ...given } = read(resource, properties);
    const requestId = `${name}-${resource.physicalId}`;
    this.waiting.set(requestId, resource.path);
    this.world.invoke(ServiceToken, {
      RequestType: type,
      ResponseURL: `http://${RESPONSES}/${encodeURIComponent(requestId)}?X-Amz-Signature=rehearsed`,
      StackId: `arn:aws:cloudformation:stack/${resource.path.split('/')[0]}`,
      RequestId: requestId,
      LogicalResourceId: resource.physicalId,
      ...(type === 'Update' && { PhysicalResourceId: this.physicalIds.get(resource.path) }),
      ResourceType: resource.type,
      ResourceProperties: { ServiceToken, ...given },
    });
    return requestId;
  }

  public resolve(name: string): string[] | undefined {
    return name === RESPONSES ? [ADDRESS] : undefined;
  }

  public connect(host: string): Connection | undefined {
    return host === RESPONSES ? { kind: 'open', address: ADDRESS } : undefined;
  }

  /** Undefined for a request to somebody else. */
  public answer({ method, headers, url, body }: RawRequest): RawAnswer | undefined {
    if ((headers.host ?? '').split(':')[0] !== RESPONSES) return undefined;
    const requestId = decodeURIComponent(url.slice(1).split('?')[0] ?? '');
    const path = this.waiting.get(requestId);
    const given = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), body);
    if (method !== 'PUT' || path === undefined || !given.success) {
      this.world.onTrouble(`CloudFormation does not understand an answer: ${method} ${body.slice(0, 200)}`);
      return { status: 403, headers: {}, body: '' };
    }
    this.waiting.delete(requestId);
    this.ends.set(requestId, { status: given.output.Status, reason: given.output.Reason });
    this.physicalIds.set(path, given.output.PhysicalResourceId);
    if (given.output.Status === 'FAILED') this.world.onTrouble(`${path} cannot be created: ${given.output.Reason}`);
    return { status: 200, headers: {}, body: '' };
  }
}

const deployedRemote = v.object({ group: v.string(), remoteName: v.string(), autoScalingGroups: v.array(v.string()) });

const REMOTE = 'Custom::MobiLinkRemote';
const DATABASE = 'Custom::MobiLinkDatabase';

/** The remotes that are a part of a deployment. */
export function deployedRemotes(deployment: Deployment) {
  return deployment.ofType(REMOTE).map((it) => read(it, deployedRemote));
}

/** Of this package: those of others have functions that are not its own. */
export function customResources(deployment: Deployment) {
  return [...deployment.ofType(REMOTE), ...deployment.ofType(DATABASE)];
}
