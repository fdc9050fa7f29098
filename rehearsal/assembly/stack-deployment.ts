import { readFileSync } from 'node:fs';
import { AssemblyError } from './assembly-error';
import { RESOURCE_TYPES } from './attributes';
import { inOrderOfDependencies } from './dependency-order';
import type { DeployedResource } from './deployed-resource';
import { type FileAsset, objectKeysIn } from './file-assets';
import { functionCall, NO_VALUE, namesInSub, resolve, resolveCondition, type Scope } from './intrinsic-functions';
import { type Environment, lettersFrom, PhysicalResource, partitionOf, urlSuffixOf } from './physical-resource';
import type { StackOutputs } from './stack-outputs';
import { readTemplate, type Template, type TemplateResource } from './template';

export interface StackToDeploy {
  readonly stackName: string;
  readonly template: Template;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly assets: readonly FileAsset[];
  readonly constructPaths: ReadonlyMap<string, string>;
}

export interface StackSurroundings {
  readonly environment: Environment;
  /** Of a Region. */
  readonly availabilityZones: (region: string) => readonly string[];
  readonly outputsBefore: StackOutputs;
}

const NESTED_STACK = 'AWS::CloudFormation::Stack';

/** Resolves one stack: its resources one after the other, each after those it refers to, then its outputs. */
export class StackDeployment implements Scope {
  readonly resources: DeployedResource[] = [];
  readonly outputs = new Map<string, unknown>();
  /** What the template says of them. */
  readonly outputDescriptions = new Map<string, string>();
  readonly exported = new Map<string, unknown>();
  readonly region: string;
  private readonly deployed = new Map<string, DeployedResource>();
  private readonly conditions = new Map<string, boolean>();

  constructor(
    private readonly stack: StackToDeploy,
    private readonly surroundings: StackSurroundings,
  ) {
    this.region = surroundings.environment.region;
    this.refuseParametersWithoutValue();
    for (const logicalId of this.orderOfCreation()) {
      const resource = stack.template.Resources[logicalId];
      if (resource) this.located(logicalId, () => this.deploy(logicalId, resource));
    }
    this.resolveOutputs();
  }

  private deploy(logicalId: string, resource: TemplateResource): void {
    const { stackName, constructPaths } = this.stack;
    const { environment } = this.surroundings;
    const properties = Object.fromEntries(
      Object.entries(resource.Properties)
        .map(([name, value]) => [name, resolve(value, this)] as const)
        .filter(([, value]) => value !== NO_VALUE),
    );
    const physical = new PhysicalResource(environment, stackName, logicalId, properties);
    const inTemplate = resource.Metadata['aws:cdk:path'];
    const common = {
      stackName,
      logicalId,
      path:
        typeof inTemplate === 'string' ? inTemplate : (constructPaths.get(logicalId) ?? `${stackName}/${logicalId}`),
      type: resource.Type,
      accountId: environment.accountId,
      region: environment.region,
      properties,
    };
    if (resource.Type === NESTED_STACK) {
      this.add({ ...common, ...this.deployNested(physical) });
      return;
    }
    const type = RESOURCE_TYPES.get(resource.Type);
    const physicalId = type ? type.physicalId(physical) : physical.name('', 255);
    const attributes = Object.entries(type?.attributes ?? {})
      .map(([name, of]) => [name, of(physical, physicalId)] as const)
      .filter(([, value]) => value !== undefined);
    this.add({
      ...common,
      physicalId,
      arn: type?.arn?.(physical, physicalId),
      attributes: Object.fromEntries(attributes),
    });
  }

  private add(resource: DeployedResource): void {
    this.resources.push(resource);
    this.deployed.set(resource.logicalId, resource);
  }

  private deployNested(physical: PhysicalResource): Pick<DeployedResource, 'physicalId' | 'arn' | 'attributes'> {
    const url = physical.required('TemplateURL');
    const asset = this.stack.assets.find((it) =>
      objectKeysIn(it, this.surroundings.environment).some((key) => url.endsWith(`/${key}`)),
    );
    if (!asset?.sourcePath)
      throw new AssemblyError(`the template of this nested stack is no asset of the assembly: ${url}`);
    const stackName = physical.name('StackName', 128);
    const parameters = physical.properties.Parameters;
    const nested = new StackDeployment(
      {
        ...this.stack,
        stackName,
        template: readTemplate(JSON.parse(readFileSync(asset.sourcePath, 'utf8')), asset.sourcePath),
        parameters: typeof parameters === 'object' && parameters !== null ? { ...parameters } : {},
        constructPaths: new Map(),
      },
      this.surroundings,
    );
    this.resources.push(...nested.resources);
    const arn = stackArn(stackName, this.surroundings.environment);
    const attributes = [...nested.outputs].map(([name, value]) => [`Outputs.${name}`, value] as const);
    return { physicalId: arn, arn, attributes: Object.fromEntries(attributes) };
  }

  ref(name: string): unknown {
    if (name.startsWith('AWS::')) return this.pseudoParameter(name);
    if (Object.hasOwn(this.stack.template.Parameters, name)) return this.parameter(name);
    const resource = this.existing(name);
    if (resource.type !== NESTED_STACK && !RESOURCE_TYPES.has(resource.type)) {
      throw new AssemblyError(`Ref of ${this.stack.stackName}/${name}: the type ${resource.type} is not known here`);
    }
    return resource.physicalId;
  }

  attribute(logicalId: string, attribute: string): unknown {
    const resource = this.existing(logicalId);
    if (Object.hasOwn(resource.attributes, attribute)) return resource.attributes[attribute];
    throw new AssemblyError(
      `${this.stack.stackName}/${logicalId} (${resource.type}) has no attribute ${attribute} that is known here`,
    );
  }

  private existing(logicalId: string): DeployedResource {
    const resource = this.deployed.get(logicalId);
    if (resource) return resource;
    const declared = this.stack.template.Resources[logicalId];
    throw new AssemblyError(
      declared
        ? `${logicalId} does not exist: its condition ${declared.Condition ?? ''} is false`
        : `${logicalId} is neither a resource nor a parameter of this template`,
    );
  }

  private pseudoParameter(name: string): unknown {
    const { environment } = this.surroundings;
    const values: Readonly<Record<string, unknown>> = {
      'AWS::AccountId': environment.accountId,
      'AWS::Region': environment.region,
      'AWS::Partition': partitionOf(environment.region),
      'AWS::URLSuffix': urlSuffixOf(environment.region),
      'AWS::StackName': this.stack.stackName,
      'AWS::StackId': stackArn(this.stack.stackName, environment),
      'AWS::NotificationARNs': [],
    };
    if (Object.hasOwn(values, name)) return values[name];
    throw new AssemblyError(`the pseudo parameter ${name} is not known here`);
  }

  private parameter(name: string): unknown {
    const declared = this.stack.template.Parameters[name];
    const type = declared?.Type ?? '';
    if (type.startsWith('AWS::SSM::Parameter::Value')) {
      throw new AssemblyError(`the parameter ${name} takes its value from SSM (${type}), which only AWS can read`);
    }
    const value = Object.hasOwn(this.stack.parameters, name) ? this.stack.parameters[name] : declared?.Default;
    if (type === 'CommaDelimitedList' || type.startsWith('List<')) {
      return Array.isArray(value)
        ? value
        : String(value ?? '')
            .split(',')
            .map((it) => it.trim());
    }
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  }

  private refuseParametersWithoutValue(): void {
    const missing = Object.entries(this.stack.template.Parameters)
      .filter(([name, { Default }]) => Default === undefined && !Object.hasOwn(this.stack.parameters, name))
      .map(([name]) => name);
    if (missing.length > 0) {
      throw new AssemblyError(
        `stack ${this.stack.stackName}: no value for the parameter ${missing.join(', ')}. Fix: give a default in the template`,
      );
    }
  }

  condition(name: string): boolean {
    const known = this.conditions.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.stack.template.Conditions, name)) throw new AssemblyError(`there is no condition ${name}`);
    const value = resolveCondition(this.stack.template.Conditions[name], this);
    this.conditions.set(name, value);
    return value;
  }

  mapping(map: string, first: string, second: string): unknown {
    return this.stack.template.Mappings[map]?.[first]?.[second];
  }

  importValue(exportName: string): unknown {
    return this.surroundings.outputsBefore.imported(exportName, this.surroundings.environment);
  }

  stackOutput(asked: { stackName: string; outputName: string; region?: string }): unknown {
    return this.surroundings.outputsBefore.output(asked.stackName, asked.outputName, asked.region ?? this.region);
  }

  availabilityZones(region: string): readonly string[] {
    return this.surroundings.availabilityZones(region);
  }

  private resolveOutputs(): void {
    for (const [name, output] of Object.entries(this.stack.template.Outputs)) {
      this.located(`Outputs.${name}`, () => {
        if (output.Condition !== undefined && !this.condition(output.Condition)) return;
        const value = resolve(output.Value, this);
        this.outputs.set(name, value);
        if (output.Description !== undefined) this.outputDescriptions.set(name, output.Description);
        if (output.Export) this.exported.set(String(resolve(output.Export.Name, this)), value);
      });
    }
  }

  private orderOfCreation(): string[] {
    const { Resources: resources } = this.stack.template;
    const created = Object.keys(resources).filter((logicalId) =>
      this.located(logicalId, () => {
        const condition = resources[logicalId]?.Condition;
        return condition === undefined || this.condition(condition);
      }),
    );
    const dependencies = (logicalId: string) => {
      const resource = resources[logicalId];
      const named = [...[resource?.DependsOn ?? []].flat(), ...referredTo(resource?.Properties)];
      return [...new Set(named)].filter((it) => created.includes(it));
    };
    return inOrderOfDependencies(
      created,
      dependencies,
      (cycle) => new AssemblyError(`stack ${this.stack.stackName}: circular dependency ${cycle.join(' -> ')}`),
    );
  }

  private located<T>(part: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof AssemblyError)) throw error;
      throw new AssemblyError(`${this.stack.stackName}/${part}: ${error.message}`);
    }
  }
}

/** Every name that a value of a template refers to, in branches that are not taken too: as CloudFormation orders. */
function referredTo(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referredTo);
  if (typeof value !== 'object' || value === null) return [];
  const call = functionCall(value);
  if (!call) return Object.values(value).flatMap(referredTo);
  const { name, argument } = call;
  if (name === 'Ref' && typeof argument === 'string') return [argument];
  if (name === 'Fn::GetAtt') {
    const first: unknown = Array.isArray(argument) ? argument[0] : argument;
    return typeof first === 'string' ? [first.split('.')[0] ?? first] : [];
  }
  return [...(name === 'Fn::Sub' ? namesInSub(argument) : []), ...referredTo(argument)];
}

function stackArn(stackName: string, { accountId, region }: Environment): string {
  const hex = lettersFrom(`${accountId}/${region}/${stackName}`, 32, '0123456789abcdef');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return `arn:${partitionOf(region)}:cloudformation:${region}:${accountId}:stack/${stackName}/${uuid}`;
}
