import { statSync } from 'node:fs';
import { AssemblyError } from './assembly-error';
import type { DeployedResource } from './deployed-resource';
import { type FileAsset, objectKeysIn } from './file-assets';
import type { Assembly } from './manifest';
import { StackDeployment } from './stack-deployment';
import { StackOutputs } from './stack-outputs';

export interface DeployOptions {
  /** Of stacks whose account the app left open. */
  readonly accountId: string;
  /** Of stacks whose Region the app left open. */
  readonly region: string;
  /**
   * The zones that `Fn::GetAZs` gives for `region`.
   * @default - the first three: a, b and c
   */
  readonly availabilityZones?: readonly string[];
  /**
   * Where the URLs of SQS queues lead, without a slash at the end.
   * @default - SQS of the Region, which nothing in a rehearsal can reach
   */
  readonly queueEndpoint?: string;
}

/** Where the code of a Lambda function lies. */
export type FunctionCode =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'inline'; readonly source: string };

/** What a stack tells whoever describes it. */
export interface StackOutput {
  readonly stackName: string;
  readonly key: string;
  readonly value: string;
  readonly description?: string;
}

/** Every resource of an assembly as it would stand in the account after its deployment. */
export class Deployment {
  private readonly byName = new Map<string, DeployedResource>();

  constructor(
    readonly resources: readonly DeployedResource[],
    private readonly assets: ReadonlyMap<string, FileAsset>,
    readonly outputs: readonly StackOutput[] = [],
  ) {
    for (const resource of resources) {
      // Some types share their id with another one (a secret and its attachment): the first is the resource itself.
      for (const name of [resource.physicalId, resource.arn]) {
        if (name !== undefined && !this.byName.has(name)) this.byName.set(name, resource);
      }
    }
  }

  ofType(type: string): DeployedResource[] {
    return this.resources.filter((it) => it.type === type);
  }

  find(physicalIdOrArn: string): DeployedResource | undefined {
    return this.byName.get(physicalIdOrArn);
  }

  /** The code of a resource of type `AWS::Lambda::Function`: the folder as it was synthesized, not a copy. */
  codeOf(lambdaFunction: DeployedResource): FunctionCode {
    const where = `${lambdaFunction.stackName}/${lambdaFunction.logicalId}`;
    const code = lambdaFunction.properties.Code;
    const member = (name: string): unknown =>
      typeof code === 'object' && code !== null ? Reflect.get(code, name) : undefined;
    const inline = member('ZipFile');
    if (typeof inline === 'string') return { kind: 'inline', source: inline };
    const key = member('S3Key');
    if (typeof key !== 'string')
      throw new AssemblyError(`${where}: its code is no file asset (a container image cannot be rehearsed)`);
    const asset = this.assets.get(key);
    if (!asset) throw new AssemblyError(`${where}: its code ${key} is no asset of the assembly`);
    if (asset.sourcePath === undefined) {
      throw new AssemblyError(
        `${where}: its code ${key} is made by a command when it is published; the assembly does not hold it`,
      );
    }
    const isFolder = statSync(asset.sourcePath, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder === undefined) throw new AssemblyError(`${where}: its code ${asset.sourcePath} is missing`);
    if (!isFolder) throw new AssemblyError(`${where}: its code ${asset.sourcePath} is an archive; a folder is needed`);
    return { kind: 'folder', folder: asset.sourcePath };
  }
}

/** Resolves every resource of every stack, stacks and resources each after those they depend on. */
export function deploy(assembly: Assembly, options: DeployOptions): Deployment {
  const outputsBefore = new StackOutputs();
  const resources: DeployedResource[] = [];
  const assets = new Map<string, FileAsset>();
  const outputs: StackOutput[] = [];
  const zonesOf = (region: string) =>
    region === options.region && options.availabilityZones
      ? options.availabilityZones
      : ['a', 'b', 'c'].map((letter) => `${region}${letter}`);

  for (const stack of assembly.stacks) {
    const accountId = stack.accountId ?? options.accountId;
    const region = stack.region ?? options.region;
    const queueEndpoint = options.queueEndpoint ?? `https://sqs.${region}.amazonaws.com`;
    const deployed = new StackDeployment(stack, {
      environment: { accountId, region, queueEndpoint },
      availabilityZones: zonesOf,
      outputsBefore,
    });
    resources.push(...deployed.resources);
    for (const [key, value] of deployed.outputs) {
      const description = deployed.outputDescriptions.get(key);
      outputs.push({ stackName: stack.stackName, key, value: String(value), description });
    }
    outputsBefore.add({ stackName: stack.stackName, accountId, region, values: deployed.outputs }, deployed.exported);
    for (const asset of stack.assets) {
      for (const key of objectKeysIn(asset, { accountId, region })) assets.set(key, asset);
    }
  }
  return new Deployment(resources, assets, outputs);
}
